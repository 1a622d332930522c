### What stands on every page, and words used everywhere.

product = Samekey
skip-to-content = 跳到表单
need-help = 需要帮助？请联系 { $contact }
frame-your-administrator = 您的管理员
frame-account = 账号
frame-security = 安全信息
frame-approve = 批准登录
frame-administration = 管理
frame-home = 概览
frame-sign-out = 退出登录
frame-language = 语言
frame-next = 下一步
frame-continue = 继续
frame-cancel = 取消
frame-back = 返回
frame-ok = 确定
frame-error-code = 错误代码：
frame-request = 请求编号：
frame-start-again = 重新开始
frame-going-on = 正在跳转
frame-back-to-application = 返回应用
