### Letters and codes sent by e-mail.

mail-code-sent = 我们已向您的安全邮箱发送验证码。
mail-code-not-yet = 暂时无法再次发送验证码。请稍候，或使用其他方式。
mail-code-expired = 该验证码已失效。请重新获取。
