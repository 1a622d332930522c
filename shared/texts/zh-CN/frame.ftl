### What stands on every page, and words used everywhere.

product = Samekey
skip-to-content = 跳到表单
need-help = 需要帮助？请联系 { $contact }
