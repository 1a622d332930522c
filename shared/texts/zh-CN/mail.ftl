### Letters and codes sent by e-mail.

mail-code-sent = 我们已向您的安全邮箱发送验证码。
mail-code-not-yet = 暂时无法再次发送验证码。请稍候，或使用其他方式。
mail-code-expired = 该验证码已失效。请重新获取。
mail-hello = { $login }，您好！
mail-subject = { $realm }：{ $what }
mail-at-from = 时间：{ $time }，来源：{ $source }。
mail-at = 时间：{ $time }。
mail-here = 此邮件涉及您在 { $realm } 的账号 { $login }。
mail-not-me = 这不是我本人操作
mail-not-me-text = 如果不是您本人操作，请在 7 天内打开此链接。它会退出您账号的所有登录，并暂停对您设备的更改。
mail-help = 有疑问？请联系 { $contact }。
mail-nobody-asks = 我们绝不会向您索要验证码。请勿转告他人。
mail-device-bound = 已绑定设备
mail-device-bound-text = 您的账号绑定了名为 { $name } 的{ $kind }。
mail-device-unbound = 已解绑设备
mail-device-unbound-text = 名为 { $name } 的{ $kind }已从您的账号解绑，今后在任何地方都不再有效。
mail-device-replaced = 已替换设备
mail-device-replaced-text = 名为 { $old } 的{ $kind }已从您的账号解绑，取而代之绑定了 { $name }。
mail-recovery-codes-made = 已生成新的恢复代码
mail-recovery-codes-made-text = 已为您的账号生成新的恢复代码，之前的恢复代码已作废。
mail-recovery-code-used = 已使用一个恢复代码
mail-recovery-code-used-text = 有人使用您的一个恢复代码登录了您的账号。{ $left ->
    [0] 已无剩余，请生成新的恢复代码。
    [one] 还剩 1 个。
   *[other] 还剩 { $left } 个。
 }
mail-emergency-sign-in = 已使用邮件验证码登录
mail-emergency-sign-in-text = 有人没有使用设备，而是使用发送到您安全邮箱的验证码登录了您的账号。请立即检查您的设备。
mail-check-devices = 检查您的设备
mail-new-place = 来自新位置的登录
mail-new-place-text = 您的账号从以前从未出现过的位置登录：{ $place }。
mail-new-place-unnamed-text = 您的账号从以前从未出现过的位置登录。
mail-locked-out = 错误次数过多
mail-locked-out-text = 针对您账号的错误尝试次数过多。在 { $time } 之前，无法从该处再次尝试。
mail-locked-out-for-good-text = 针对您账号的错误尝试次数过多。在您从以前使用过的位置登录或管理员解除锁定之前，无法从该处再次尝试。
mail-administrator = 管理员更改了您的账号
mail-administrator-by = 操作者：{ $by }。
mail-administrator-what = 涉及：{ $what }。
mail-act-locked = 您的账号已被锁定，目前无法登录。
mail-act-unlocked = 您的账号已解除锁定。
mail-act-disabled = 您的账号已被停用，无法再登录。
mail-act-enabled = 您的账号已重新启用。
mail-act-device-unbound = 您的一个设备已被解绑。请在下次登录时绑定新设备。
mail-act-device-bound = 您的账号绑定了一个设备。
mail-act-ticket-issued = 已生成一张可为您的账号绑定设备的绑定凭证。请向您的管理员索取。
mail-act-recovery-codes-made = 已为您的账号生成新的恢复代码，之前的恢复代码已作废。
mail-act-sessions-ended = 您账号的所有登录均已退出。
mail-act-rescued = 在一段时间内，您无需设备即可登录。
mail-act-role-changed = 您的角色已更改。
mail-act-password-set = 您的密码已重新设置。
mail-act-changed = 您账号的资料已更改。
mail-act-released = 您可以重新更改您的设备。
mail-deadline = 即将需要二次身份验证
mail-deadline-text = { $days ->
    [0] 从今天起，您必须通过二次身份验证才能登录，而您的账号尚未绑定任何设备。
    [one] 从明天起，您必须通过二次身份验证才能登录，而您的账号尚未绑定任何设备。
   *[other] { $days } 天后，您必须通过二次身份验证才能登录，而您的账号尚未绑定任何设备。
 }
mail-bind-now = 立即绑定
mail-code = 您的验证码：{ $code }
mail-code-text = 请使用此验证码继续登录。它在 { $minutes } 分钟内有效，且仅在您请求它的地方有效。请求它的人知道您的密码。
mail-prove-address = 您的验证码：{ $code }
mail-prove-address-text = 请使用此验证码将该邮箱绑定到您的账号，用于验证您的身份。它在 { $minutes } 分钟内有效，且仅在您请求它的地方有效。如果您没有请求，请忽略。
mail-confirm-address = 确认您的安全邮箱
mail-confirm-address-text = 您的管理员为您的账号设置了此邮箱，用于在您无法使用设备时向您发送登录验证码。请在 24 小时内确认；届时会要求您登录。如果您不知道该账号，请忽略。
mail-confirm = 确认此邮箱
mail-objected = 已退出所有登录
mail-objected-text = 有人在发给您的邮件中点击了“这不是我本人操作”。您账号的所有登录均已退出，并且在您出示此前绑定的通行密钥或安全密钥，或管理员允许之前，您的设备无法更改。如果是您本人点击的，请立即更改密码。
mail-somebody-objected = { $person } 表示：这不是我本人操作
mail-somebody-objected-text = { $person } 在邮件（{ $about }）中点击了“这不是我本人操作”。该账号的会话、令牌、已记住的浏览器和待批准的登录均已结束，其本人目前无法更改设备。请调查情况，要求更改密码，然后解除暂停。
mail-test = 测试邮件
mail-test-text = 这是一封用于测试邮件能否送达的邮件。
mail-code-sent-to = 我们已向 { $to } 发送验证码，{ $minutes } 分钟内有效。
mail-code-label = 邮件中的验证码
mail-code-again = 重新发送验证码
mail-code-link = 我无法使用我的设备
mail-emergency-done = 您已使用邮件验证码登录。请立即检查您的设备。
mail-objection-title = 这不是您本人操作吗？
mail-objection-ask = 如果邮件中所述的操作是他人所为，请点击按钮。您账号的所有登录都将结束：会话、应用、已记住的浏览器以及待批准的登录。此后，在您出示此前绑定的通行密钥或安全密钥，或管理员允许之前，您的设备无法更改。
mail-objection-button = 这不是我本人操作：退出所有登录
mail-objection-done = 已退出所有登录
mail-objection-done-text = 您的账号已在所有地方退出登录，管理员也已收到通知。请立即更改密码；如果有人绑定了设备，请联系 { $contact } 解绑。
mail-objection-over = 此链接已失效
mail-objection-over-text = 它已被使用，或已超过 7 天。如果您的账号有异常，请联系 { $contact }。
mail-security-title = 安全邮箱
mail-security-hint = 用于紧急情况：当您无法使用设备时，在其验证强度足够的地方，可使用发送到该邮箱的验证码登录。
mail-security-profile = 您个人资料中的邮箱地址仅供参考，不用于验证。
mail-security-none = 未绑定安全邮箱。
mail-security-bind = 绑定安全邮箱
mail-security-address = 邮箱地址
mail-security-send = 发送验证码
mail-security-code-hint = 请输入邮件中的验证码。也请查看垃圾邮件。
mail-security-finish = 绑定邮箱
mail-security-another = 使用其他邮箱
mail-security-bound = 安全邮箱已绑定。
mail-security-full = 请先解绑现有邮箱，再绑定新邮箱。
mail-security-address-invalid = 该邮箱地址无法接收邮件。请按 name@example.org 的形式填写。
mail-security-off = 此处未启用安全邮箱。请联系 { $contact }。
mail-security-wrong = 验证码不正确。请输入最近一次发送的验证码。
mail-security-used = 该验证码已被使用，或已发送更新的验证码。请输入最新的验证码。
mail-security-limit = 此邮箱无法绑定到更多账号（上限 { $limit } 个）。
mail-security-link-over = 此链接已失效：已超过 24 小时、已被使用，或属于其他账号。请向 { $contact } 重新索取。
mail-security-confirm-title = 确认您的安全邮箱
mail-security-confirm-text = { $by } 为您的账号设置了安全邮箱 { $to }。这是您的邮箱吗？
mail-security-confirm-button = 是的，绑定
