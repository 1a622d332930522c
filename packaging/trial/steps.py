"""What an administrator does with the packages, one step after the other, in a small Debian of its own; see `debian` beside."""
import glob, hashlib, os, subprocess, sys, time
import pexpect

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PASSWORD = "correct horse battery"
FILES = sorted(glob.glob("/etc/pam.d/*"))


def run(*words, check=True, given=None):
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=120)
    if check and done.returncode:
        sys.exit(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def held(what, truth):
    print(("  held: " if truth else "  BROKEN: ") + what, flush=True)
    if not truth:
        sys.exit(1)


def pam():
    return {path: hashlib.sha256(open(path, "rb").read()).hexdigest() for path in FILES}


def tree():
    """Every file that is not the packages' own records, a log, or a cache."""
    skip = ("/proc", "/sys", "/dev", "/run", "/tmp", "/packages", "/var/lib/dpkg", "/var/log", "/var/cache", "/home", "/root",
            "/var/lib/pam", "/etc/.pwd.lock", "/var/lib/systemd")
    found = set()
    for folder, _, files in os.walk("/"):
        if not folder.startswith(skip):
            found.update(os.path.join(folder, name) for name in files if not os.path.join(folder, name).startswith(skip))
    return found


def install(which):
    run("dpkg", "-i", *sorted(glob.glob(f"/packages/{which}/*.deb")))


def code(step):
    """The app's code of the step so many before or after now."""
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 30 * step))
    return run("oathtool", "--totp", "-b", "-N", at, SECRET).stdout.strip()


def agent():
    os.makedirs("/run/samekey", exist_ok=True)
    run("chown", "samekey:samekey", "/run/samekey")
    log = open("/var/log/samekey-agent.log", "a")
    process = subprocess.Popen(["setpriv", "--reuid=samekey", "--regid=samekey", "--clear-groups", "/usr/sbin/samekey-agent"],
                               stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while not os.path.exists("/run/samekey/agent.sock"):
        held("the agent starts", process.poll() is None and time.monotonic() < deadline)
        time.sleep(0.05)
    return process


def ssh(answers, command="sudo -n true; id -un"):
    """Logs alice in, giving the answers in turn; what came out, or None if she was not let in."""
    child = pexpect.spawn("ssh", ["-tt", "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                                  "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=keyboard-interactive",
                                  "alice@127.0.0.1", command], encoding="utf-8", timeout=30)
    answers = list(answers)
    out = ""
    while True:
        at = child.expect(["[Pp]assword[^\n]*: ?$", "[Cc]ode[^\n]*: ?$", pexpect.EOF, pexpect.TIMEOUT])
        out += child.before or ""
        if at >= 2 or not answers:
            child.close(force=True)
            return out if child.exitstatus == 0 else None
        child.sendline(answers.pop(0))


def sshd():
    os.makedirs("/run/sshd", exist_ok=True)
    run("ssh-keygen", "-A")
    subprocess.Popen(["/usr/sbin/sshd", "-D", "-p", "2222", "-o", "UsePAM=yes", "-o", "KbdInteractiveAuthentication=yes", "-o",
                      "PasswordAuthentication=no", "-o", "ListenAddress=127.0.0.1"])
    deadline = time.monotonic() + 20
    while run("ssh-keyscan", "-p", "2222", "127.0.0.1", check=False).stdout == "":
        held("sshd starts", time.monotonic() < deadline)


def main():
    run("useradd", "-m", "-s", "/bin/bash", "alice")
    run("chpasswd", given=f"alice:{PASSWORD}\n")
    run("usermod", "-aG", "sudo", "alice")
    before, files = pam(), tree()
    sshd()

    install("before")
    held("installing changes nothing in /etc/pam.d", pam() == before)
    held("alice comes in with her password", ssh([PASSWORD], "id -un") is not None)
    run("samekey", "init", "--realm", "example.org")
    run("samekey", "account", "add", "alice")
    process = agent()
    run("samekey", "device", "bind", "totp", "--user", "alice", "--secret-file", "-", "--code", code(-1), given=SECRET)

    run("pam-auth-update", "--enable", "samekey")
    held("the profile stands in common-auth and common-account",
         all("pam_samekey.so" in open(f"/etc/pam.d/common-{part}").read() for part in ("auth", "account")))
    held("the password alone no longer lets in", ssh([PASSWORD, "000000"], "id -un") is None)
    used = code(0)
    out = ssh([PASSWORD, used], "id -un")
    held("password and code let in", out is not None and "alice" in out)
    held("the same code does not", ssh([PASSWORD, used], "id -un") is None)

    install("now")
    process.terminate()
    process.wait(20)
    process = agent()
    version = run("dpkg-query", "-W", "-f", "${Version}", "samekey").stdout
    held(f"upgraded to {version}", version.endswith("samekey1"))
    out = ssh([PASSWORD, code(1)], "id -un")
    held("after the upgrade the store knows her", out is not None and "alice" in out)

    child = pexpect.spawn("setpriv", ["--reuid=alice", "--regid=alice", "--init-groups", "sudo", "-k", "id", "-un"], encoding="utf-8",
                          timeout=60)
    deadline = time.monotonic() + 100
    child.expect("[Pp]assword[^\n]*: ?$")
    child.sendline(PASSWORD)
    child.expect("[Cc]ode[^\n]*: ?$")
    # The three steps that count now are used; the next one comes within half a minute.
    first = int(time.time()) // 30
    while int(time.time()) // 30 == first and time.monotonic() < deadline:
        time.sleep(0.2)
    child.sendline(code(1))
    child.expect(pexpect.EOF)
    held("sudo asks for password and code", "root" in child.before)
    held("the trail holds all of it and verifies", run("samekey", "audit", "verify", check=False).returncode == 0)

    line = "auth [success=ok default=die] pam_samekey.so\n"
    with open("/etc/pam.d/su", "a") as su:
        su.write(line)
    refused = run("dpkg", "-r", "libpam-samekey", check=False)
    held("a module that a file still names is not removed", refused.returncode != 0 and "/etc/pam.d/su" in refused.stderr)
    held("and every login still has its module", bool(glob.glob("/usr/lib/*/security/pam_samekey.so")))
    text = open("/etc/pam.d/su").read()
    open("/etc/pam.d/su", "w").write(text.replace(line, ""))

    run("pam-auth-update", "--disable", "samekey")
    held("disabled, /etc/pam.d is as it was, byte by byte", pam() == before)
    held("and the password alone lets in", ssh([PASSWORD], "id -un") is not None)
    run("pam-auth-update", "--enable", "samekey")
    process.terminate()
    run("dpkg", "-P", "libpam-samekey", "samekey-provider", "samekey-doc", "samekey")
    held("purged without being disabled first, /etc/pam.d is as it was", pam() == before)
    held("and the password alone lets in", ssh([PASSWORD], "id -un") is not None)
    left = sorted(path for path in tree() - files if "/ssh/" not in path and not path.endswith("-"))
    held(f"nothing is left on the disk {left}", not left)


main()
