### Binding at first sign-in, tickets, recovery codes.

bind-trouble-ticket-wrong = 这不是该账号的有效注册凭证。请检查代码；如已过期，请联系管理员重新签发。
bind-trouble-name-taken = 您已有同名设备，请换一个名称。
bind-trouble-name-invalid = 只允许使用字母、数字、连字符（-）和下划线（_）。
bind-trouble-limit-reached = 此类设备的数量已达上限，请先解绑一个。
bind-trouble-bound-already = 此安全密钥或通行密钥已被绑定，请换用另一个。
bind-trouble-kind-not-accepted = 此安全密钥未通过 PIN 或生物特征验证您的身份，而此处必须验证。请为它设置 PIN，或绑定其他类型的设备。
bind-trouble-too-weak = 该设备已绑定，但其安全等级不足以登录目标应用。请绑定以下设备之一。
bind-trouble-not-kept = 请先保存恢复码，然后勾选确认框。
