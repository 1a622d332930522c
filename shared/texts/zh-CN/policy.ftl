### Policy and settings, as people and administrators read them.

policy-level-none = 无
policy-level-single = 仅密码
policy-level-medium = 中
policy-level-high = 高
policy-level-highest = 最高
policy-level-hardware = 硬件级
policy-method-passkey = 通行密钥
policy-method-security-key = 安全密钥
policy-method-totp = 虚拟MFA（身份验证器应用）
policy-method-email = 安全邮箱
policy-method-recovery-code = 恢复码
policy-advice-passkey = 最安全、最快捷：使用指纹、人脸或 PIN 登录，仿冒页面无法窃取。
policy-advice-security-key = 可抵御仿冒页面：插入并触摸即可。适合作为备用，请与手机分开保管。
policy-advice-totp = 无法使用通行密钥时，推荐作为主要验证方式：由应用生成验证码，无需联网。
policy-advice-email = 作为备用，在设备不在身边时用于紧急登录。
policy-advice-recovery-code = 用于手机丢失时：请打印并存放在手机以外的地方。
policy-needs-passkey = 需要支持通行密钥的手机、电脑或安全密钥，以及支持通行密钥的浏览器。
policy-needs-security-key = 需要一个 USB 或 NFC 接口的 FIDO2 或 U2F 密钥。
policy-needs-totp = 需要在您的手机或电脑上安装任意一款身份验证器应用。
policy-needs-email = 需要一个无需此账号即可查收的邮箱地址。
policy-needs-recovery-code = 需要纸张，或一个可存放十个恢复码的安全位置。
