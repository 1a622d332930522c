### Signing in a device that has no browser of its own.

connect-title = 登录设备
connect-text = 没有浏览器的设备或程序（例如电视或命令行）会向您显示一个代码。
connect-code = 设备代码
connect-code-hint = 输入您自己的设备上显示的代码，例如 BCDF-GHJK。切勿输入他人发给您的代码。
connect-no-code = 代码由八个字母组成，例如 BCDF-GHJK。
connect-unknown = 没有设备正在使用该代码等待。请与设备上的代码核对；十分钟后需要新的代码。
connect-too-many = 错误代码过多。请在 { $minutes } 分钟后重试。
connect-question = 这是您自己的设备吗？是您本人刚刚发起的吗？
connect-phishing = 如果代码是他人发给您或念给您的，请拒绝：对方想进入您的账号。真正帮助您的人绝不需要这样做。
connect-elsewhere = 该设备的请求来自与您不同的地点。只有清楚原因时才继续。
connect-application = 应用
connect-source = 请求来源
connect-agent = 自称
connect-account = 登录账号
connect-asked-at = 请求时间
connect-asked-at-value = { $moment }（剩余 { $left } 秒）
connect-will-know = 它将获知：
connect-allow = 登录此设备
connect-deny = 拒绝
connect-another = 登录另一台设备
connect-approved = 设备已登录
connect-approved-text = 请回到您的设备：几秒钟后它会自动继续。您可以关闭此页面。
connect-denied = 已拒绝设备
connect-denied-text = 该设备不会获得任何权限。如果是他人把代码发给您，请告知管理员。
connect-gone = 设备未登录
connect-gone-text = 时间已到，或已有决定。请让您的设备显示新的代码。
