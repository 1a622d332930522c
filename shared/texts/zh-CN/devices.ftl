### Kinds of devices, their levels, and what to do with each.

devices-kind-totp = 身份验证器应用
devices-kind-recovery-codes = 恢复代码
devices-kind-passkey = 通行密钥
devices-kind-security-key = 安全密钥
devices-kind-email = 安全邮箱
devices-kind-ssh-key = SSH 密钥
devices-bound-as-passkey = 已绑定为通行密钥：无需密码即可登录，也可在终端上用于确认。
devices-bound-as-security-key = 已绑定为安全密钥：在密码之后作为第二个验证因素。
devices-bound = 已绑定。
devices-synced = 已同步
devices-can-be-synced = 可同步
devices-on-this-device = 仅在此设备上
devices-codes-left = 剩余 { $left } 个
devices-goes-after = 在 { $successor } 完成一次签名后移除。
devices-used-on-the-web = { $moment }，网页，来自 { $source }
devices-used-at-a-terminal = { $moment }，终端，来自 { $source }
devices-used-by-command = { $moment }，命令，来自 { $source }
devices-slot-full = 请先解绑现有设备再绑定新设备，或选择“替换”。
devices-name-taken = 您已有名为 { $name } 的设备。请换一个名称。
devices-credential-taken = 此密钥或通行密钥已被绑定。请使用另一个。
devices-import = 无法使用此密钥。
devices-name-ascii = 仅允许使用字母、数字、连字符 (-) 和下划线 (_)，长度为 1 到 64 个字符，不含重音符号。
devices-name-unicode = 仅允许使用字母、数字、连字符 (-) 和下划线 (_)，长度为 1 到 64 个字符。
devices-level-highest = 最高
devices-level-high = 高
devices-level-medium = 中
