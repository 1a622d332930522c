"""What an administrator does with the packages, one step after the other, in a small Debian of its own; see `debian` beside."""
import ctypes, glob, hashlib, json, os, re, sqlite3, subprocess, sys, time
import pexpect

PASSWORD = "correct horse battery"
LIBC = ctypes.CDLL(None, use_errno=True)
FILES = sorted(glob.glob("/etc/pam.d/*"))
PROMPTS = ["[Pp]assword[^\n]*: ?$", "[Cc]ode[^\n]*: ?$"]
PACKAGES = ["libpam-samekey", "samekey-provider", "samekey-doc", "samekey"]
OURS = "auth [success=ok default=die] pam_samekey.so\n"


def run(*words, check=True, given=None):
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=120)
    if check and done.returncode:
        sys.exit(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def held(what, truth):
    print(("  held: " if truth else "  BROKEN: ") + what, flush=True)
    if not truth:
        sys.exit(1)


def until(what, truth):
    deadline = time.monotonic() + 60
    while not truth():
        if time.monotonic() > deadline:
            held(what, False)
        time.sleep(0.05)


def pam():
    return {path: hashlib.sha256(open(path, "rb").read()).hexdigest() for path in FILES}


def named(path):
    return "pam_samekey.so" in open(path).read()


def tree():
    """Every file that is not the packages' own records, a log, or a cache."""
    skip = ("/proc", "/sys", "/dev", "/run", "/tmp", "/packages", "/var/lib/dpkg", "/var/log", "/var/cache", "/home", "/root",
            "/var/lib/pam", "/etc/.pwd.lock", "/var/lib/systemd", "/var/lib/sudo", "/var/lib/lastlog")
    found = set()
    for folder, _, files in os.walk("/"):
        if not folder.startswith(skip):
            found.update(os.path.join(folder, name) for name in files if not os.path.join(folder, name).startswith(skip))
    return found


def install(which, check=True):
    return run("dpkg", "-i", *sorted(glob.glob(f"/packages/{which}/*.deb")), check=check)


class Person:
    """Somebody with a password and an app; no code of it counts twice, so each login takes the next."""

    def __init__(self, name, secret):
        self.name, self.secret, self.used = name, secret, 0
        run("useradd", "-m", "-s", "/bin/bash", name)
        run("chpasswd", given=f"{name}:{PASSWORD}\n")
        run("usermod", "-aG", "sudo", name)

    def bind(self):
        run("samekey", "account", "add", self.name)
        run("samekey", "device", "bind", "totp", "--user", self.name, "--secret-file", "-", "--code", self.code(), given=self.secret)

    def code(self):
        """The code of a step that was not used yet and counts now: the one before, this, or the next; waits for it if need be."""
        now = int(time.time()) // 30
        # The step before is on its way out: not if half a minute ends within the time that a login takes.
        step = max(self.used + 1, now - 1 if time.time() % 30 < 15 else now)
        until("the next step comes", lambda: int(time.time()) // 30 + 1 >= step)
        self.used = step
        at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(30 * step))
        return run("oathtool", "--totp", "-b", "-N", at, self.secret).stdout.strip()

    def ssh(self, answers, command="id -un"):
        """Logs in, giving the answers in turn; what came out, or None if it was refused."""
        return answered(["ssh", "-tt", "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                         "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=keyboard-interactive", f"{self.name}@127.0.0.1",
                         command], answers)

    def sudo(self, answers, *words):
        # From a shell of their own, as people do: who asked is the process above sudo.
        return answered(["setpriv", f"--reuid={self.name}", f"--regid={self.name}", "--init-groups", "sh", "-c", 'sudo -k "$@"; exit $?', "sh",
                         *words], answers)

    def comes_in(self):
        out = self.ssh([PASSWORD, self.code()])
        return out is not None and self.name in out


def answered(words, answers):
    child = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=60)
    answers = list(answers)
    out = ""
    while True:
        at = child.expect([*PROMPTS, pexpect.EOF, pexpect.TIMEOUT])
        out += child.before or ""
        if at >= 2 or not answers:
            child.close(force=True)
            return out if child.exitstatus == 0 else None
        child.sendline(answers.pop(0))


class Agent:
    """The agent, as its unit would start it."""

    def __init__(self):
        os.makedirs("/run/samekey", exist_ok=True)
        run("chown", "samekey:samekey", "/run/samekey")
        log = open("/var/log/samekey-agent.log", "a")
        self.process = subprocess.Popen(["setpriv", "--reuid=samekey", "--regid=samekey", "--clear-groups", "/usr/sbin/samekey-agent"],
                                        stdout=log, stderr=log)
        until("the agent starts", lambda: self.process.poll() is not None or os.path.exists("/run/samekey/agent.sock"))
        held("the agent starts", self.process.poll() is None)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def sshd():
    os.makedirs("/run/sshd", exist_ok=True)
    run("ssh-keygen", "-A")
    subprocess.Popen(["/usr/sbin/sshd", "-D", "-p", "2222", "-o", "UsePAM=yes", "-o", "KbdInteractiveAuthentication=yes", "-o",
                      "PasswordAuthentication=no", "-o", "ListenAddress=127.0.0.1"])
    until("sshd starts", lambda: run("ssh-keyscan", "-p", "2222", "127.0.0.1", check=False).stdout)


class FullDisk:
    """The folder of PAM's modules on a disk that has room for nothing more."""

    def __enter__(self):
        self.folder = os.path.dirname(glob.glob("/usr/lib/*/security/pam_unix.so")[0])
        run("cp", "-a", self.folder, "/tmp/modules")
        pages = sum(-(-os.lstat(path).st_size // 4096) + 1 for path in glob.glob("/tmp/modules/**", recursive=True))
        room = f"size={4 * pages + 16}k,mode=755".encode()
        held("the disk is full", LIBC.mount(b"tmpfs", self.folder.encode(), b"tmpfs", 0, room) == 0)
        run("cp", "-a", "/tmp/modules/.", self.folder)
        return self

    def __exit__(self, *_):
        LIBC.umount2(self.folder.encode(), 2)  # MNT_DETACH: whoever still has a module open keeps it
        run("rm", "-rf", "/tmp/modules")


def inside():
    """The list of what is inside each package."""
    for package in ["samekey", "libpam-samekey", "samekey-provider"]:
        bom = json.load(open(f"/usr/share/doc/{package}/sbom.cdx.json"))
        refs = {one["bom-ref"] for one in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
        needs = {below for one in bom["dependencies"] for below in one["dependsOn"]}
        crates = [one for one in bom["components"] if one["purl"].startswith("pkg:cargo/") and "samekey" not in one["name"]]
        held(f"{package}'s SBOM names {len(crates)} crates, each with its checksum",
             bom["specVersion"] == "1.5" and needs <= refs and crates and all(one["hashes"][0]["content"] for one in crates))


def come_in(alice, before):
    """Installs the build before, turns the profile on, comes in."""
    with FullDisk():
        broken = install("before", check=False)
        held("with a full disk the installation fails", broken.returncode != 0 and "No space left" in broken.stderr)
        held("and leaves /etc/pam.d as it was", pam() == before and alice.ssh([PASSWORD]) is not None)
    install("before")
    held("installing changes nothing in /etc/pam.d", pam() == before)
    held("alice comes in with her password", alice.ssh([PASSWORD]) is not None)
    run("samekey", "init", "--realm", "example.org")
    agent = Agent()
    alice.bind()
    run("pam-auth-update", "--enable", "samekey")
    held("the profile stands in common-auth and common-account", all(named(f"/etc/pam.d/common-{part}") for part in ("auth", "account")))
    held("the password alone no longer lets in", alice.ssh([PASSWORD, "000000"]) is None)
    used = alice.code()
    out = alice.ssh([PASSWORD, used])
    held("password and code let in", out is not None and "alice" in out)
    held("the same code does not", alice.ssh([PASSWORD, used]) is None)
    return agent


def broken_upgrades(alice):
    """What goes wrong while the new build comes: the agent that runs goes on, PAM stays, people come in."""
    now = pam()
    with FullDisk():
        held("with a full disk the upgrade fails", install("now", check=False).returncode != 0)
        held("and leaves /etc/pam.d as it was", pam() == now)
        held("and alice comes in with a code", alice.comes_in())
    good = open("/etc/samekey/samekey.toml").read()
    open("/etc/samekey/samekey.toml", "a").write('\n[agent\nsocket = "?"\n')
    broken = install("now", check=False)
    held("a new agent that would not start is not configured", broken.returncode != 0 and "samekey.toml" in broken.stderr)
    held("and /etc/pam.d is as it was", pam() == now)
    open("/etc/samekey/samekey.toml", "w").write(good)
    store = sqlite3.connect("/var/lib/samekey/store.db", isolation_level=None)
    store.execute("UPDATE schema_versions SET version = version + 1")
    broken = run("dpkg", "--configure", "-a", check=False)
    held("nor one that is older than the store", broken.returncode != 0 and "upgrade it" in broken.stderr)
    store.execute("UPDATE schema_versions SET version = version - 1")
    store.close()
    held("and alice comes in with a code, by the agent that still runs", pam() == now and alice.comes_in())
    run("dpkg", "--configure", "-a")


def upgrade(alice, agent):
    broken_upgrades(alice)
    install("now")
    agent.stop()
    agent = Agent()
    version = run("dpkg-query", "-W", "-f", "${Version}", "samekey").stdout
    held(f"upgraded to {version}", not version.endswith("samekey0"))
    held("after the upgrade the store knows her", alice.comes_in())
    out = alice.sudo([PASSWORD, alice.code()], "id", "-un")
    held("sudo asks for password and code", out is not None and "root" in out)
    held("the trail holds all of it and verifies", run("samekey", "audit", "verify", check=False).returncode == 0)
    return agent


def removal_is_refused():
    with open("/etc/pam.d/su") as su:
        text = su.read()
    open("/etc/pam.d/su", "a").write(OURS)
    for verb in ["-r", "-P"]:
        refused = run("dpkg", verb, *PACKAGES, check=False)
        held(f"with {verb}, a module that a file still names is not removed", refused.returncode != 0 and "/etc/pam.d/su" in refused.stderr)
        held("nor is the agent that it asks", bool(glob.glob("/usr/lib/*/security/pam_samekey.so")) and os.path.exists("/usr/sbin/samekey-agent"))
    open("/etc/pam.d/su", "w").write(text)
    install("now")


def set_up_sudo(bob):
    """`samekey setup sudo`: put back by itself, then confirmed, then undone."""
    path, before = "/etc/pam.d/sudo", pam()
    run("samekey", "setup", "sudo", "--dry-run")
    held("a dry run of setup sudo changes nothing", pam() == before)
    run("samekey", "setup", "sudo", "--try", "5s", "--yes")
    held("setup sudo guards it", named(path))
    until("setup sudo is put back", lambda: not named(path))
    until("it is told", lambda: "nobody confirmed" in run("samekey", "setup", "status").stdout)
    held("what nobody confirms is put back by itself, byte by byte", pam() == before)
    run("samekey", "setup", "sudo", "--try", "5m", "--yes")
    held("a session that passed no second factor cannot confirm", run("samekey", "setup", "confirm", check=False).returncode != 0)
    out = bob.sudo([PASSWORD, bob.code()], "samekey", "setup", "confirm")
    held("bob's sudo with a code confirms it", out is not None and named(path))
    held("sudo with a wrong code is refused", bob.sudo([PASSWORD, "000000"], "id", "-un") is None)
    out = bob.sudo([PASSWORD, bob.code()], "id", "-un")
    held("sudo with a code is not", out is not None and "root" in out)
    run("samekey", "setup", "undo", "sudo")
    held("setup undo sudo, byte by byte", pam() == before)


def set_up_login(carol):
    """`samekey setup login`, confirmed at a terminal of login's."""
    path, before = "/etc/pam.d/login", pam()
    run("samekey", "setup", "login", "--try", "5s", "--yes")
    held("setup login guards it", named(path))
    until("setup login is put back", lambda: not named(path))
    until("it is told", lambda: "nobody confirmed" in run("samekey", "setup", "status").stdout)
    held("what nobody confirms is put back by itself, byte by byte", pam() == before)
    run("samekey", "setup", "login", "--try", "5m", "--yes")
    child = pexpect.spawn("login", ["carol"], encoding="utf-8", timeout=60)
    for prompt, answer in [(PROMPTS[0], PASSWORD), (PROMPTS[1], carol.code()), (r"\$ ?$", "sudo -k samekey setup confirm; echo ended $?"),
                           (PROMPTS[0], PASSWORD)]:
        child.expect(prompt)
        child.sendline(answer)
    child.expect(r"ended (\d+)")
    held("carol's login with a code confirms it", child.match.group(1) == "0" and named(path))
    child.close(force=True)
    run("samekey", "setup", "undo", "login")
    held("setup undo login, byte by byte", pam() == before)


def let_go(alice, agent, before, files):
    run("pam-auth-update", "--disable", "samekey")
    held("disabled, /etc/pam.d is as it was, byte by byte", pam() == before)
    held("and the password alone lets in", alice.ssh([PASSWORD]) is not None)
    run("pam-auth-update", "--enable", "samekey")
    agent.stop()
    run("dpkg", "-P", *PACKAGES)
    held("purged without being disabled first, /etc/pam.d is as it was", pam() == before)
    held("and the password alone lets in", alice.ssh([PASSWORD]) is not None)
    left = sorted(path for path in tree() - files if not re.search(r"/ssh/|-$", path))
    held(f"nothing is left on the disk {left}", not left)


def main():
    alice, bob, carol = (Person(name, secret) for name, secret in [
        ("alice", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), ("bob", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), ("carol", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")])
    before, files = pam(), tree()
    sshd()
    agent = come_in(alice, before)
    agent = upgrade(alice, agent)
    inside()
    removal_is_refused()
    run("pam-auth-update", "--disable", "samekey")
    bob.bind()
    carol.bind()
    set_up_sudo(bob)
    set_up_login(carol)
    run("pam-auth-update", "--enable", "samekey")
    let_go(alice, agent, before, files)


if __name__ == "__main__":
    main()
