### The administrators' pages.

admin-not-allowed = 您的角色不允许此操作。请联系所有者或管理员。
admin-second-factor-first = 管理员需要第二因素。请先在“安全信息”中绑定虚拟MFA或通行密钥，然后再回来。
