//! The verbs, one file per group, and how each is reached.

mod account;
mod audit;
mod client;
mod device;
mod doctor;
mod export;
mod generate;
mod grant;
mod import;
mod init;
mod keyring;
mod mail;
mod methods;
mod policy;
mod recovery_codes;
mod setup;
mod signing_keys;
mod ssh_key;
mod ssh_keys;
mod status;
mod store;
mod ticket;
mod url;
mod why;

use crate::exit::Failure;
use crate::output::Answer;
use std::path::PathBuf;

/// Administers Samekey: one enrolment, two doors (Linux logins and OpenID Connect).
///
/// Exit codes: 0 done or already as asked, 1 failed, 2 usage, 3 not found, 4 refused by policy, 5 would lock somebody
/// out, 6 store unavailable, 7 limit or conflict. `policy explain`, `status` and `doctor` have their own, see their help.
#[derive(Debug, clap::Parser)]
#[command(name = "samekey", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "PATH", default_value = samekey_shared::config::DEFAULT_PATH)]
    pub config: PathBuf,
    /// Answer with one JSON value on stdout
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make configuration, keyring, store and first policy; what is there stays as it is
    Init(init::Arguments),
    /// People and automations that sign in
    #[command(subcommand)]
    Account(account::Verb),
    /// Bound second factors
    #[command(subcommand)]
    Device(device::Verb),
    /// SSH keys that sshd is served, and that count as a second factor where they show their person
    #[command(subcommand)]
    SshKey(ssh_key::Verb),
    /// Print the SSH keys of a user for sshd's AuthorizedKeysCommand, asking the agent: nothing for whoever has none
    SshKeys(ssh_keys::Arguments),
    /// Enrolment tickets: the right to bind a device without one to prove oneself with
    #[command(subcommand)]
    Ticket(ticket::Verb),
    /// The ten codes kept on paper
    #[command(subcommand)]
    RecoveryCodes(recovery_codes::Verb),
    /// Web apps that sign in through the provider
    #[command(subcommand)]
    Client(client::Verb),
    /// What people granted to web apps: see it, end it with its tokens
    #[command(subcommand)]
    Grant(grant::Verb),
    /// The policy that both doors obey
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Which second factor works where, and where the policy takes it
    Methods,
    /// The hash-chained trail of what happened
    #[command(subcommand)]
    Audit(audit::Verb),
    /// Tell what became of one sign-in and why, by the request id that a refusal shows
    Why(why::Arguments),
    /// The master keys that seal secrets at rest
    #[command(subcommand)]
    Keyring(keyring::Verb),
    /// Letters: try whether they arrive, and see those that wait
    #[command(subcommand)]
    Mail(mail::Verb),
    /// The keys that sign tokens for web apps
    #[command(subcommand)]
    SigningKeys(signing_keys::Verb),
    /// Take over the second factors that another program knows: nobody has to bind anew
    ///
    /// A device is taken over as a whole or not at all. What is there already is told and left as it is, so that the same files
    /// can be given again. Rows that cannot be taken over are named with their reason, and do not hinder the others: exit 1 if
    /// there were any. Files are read without following links; in a file that belongs to somebody else than root, only that
    /// person's devices count. `--dry-run` tells what would become of each row.
    Import(import::Arguments),
    /// Write people's second factors into a new file, sealed with a passphrase, for `samekey import samekey` elsewhere
    ///
    /// The file holds the keys of authenticator apps and what is known of passkeys and security keys, and opens with the
    /// passphrase alone (Argon2id and AES-256-GCM). Recovery codes stay: new ones are made where the devices go. There is no
    /// export without a passphrase.
    Export(export::Arguments),
    /// The store: check it, copy it, put it back
    #[command(subcommand)]
    Store(store::Verb),
    /// Guard ssh, sudo or login, with a way back: what nobody confirms is put back by itself
    #[command(subcommand)]
    Setup(setup::Verb),
    /// The addresses at which people sign in, for one person or for all, as text and QR code
    Url(url::Arguments),
    /// Look for what is wrong with this machine's guard, and say what to do: exit 0 fine, 1 warning, 2 critical, 3 unknown
    Doctor(doctor::Arguments),
    /// Tell whether all is well: exit 0 fine, 1 warning, 2 critical, 3 unknown
    Status(status::Arguments),
    /// Write manual pages and completions, for those who build packages
    #[command(hide = true)]
    Generate(generate::Arguments),
}

/// Runs the verb.
pub fn run(cli: &Cli) -> Result<Answer, Failure> {
    match &cli.verb {
        Verb::Init(arguments) => init::run(&cli.config, arguments),
        Verb::Account(verb) => account::run(&cli.config, verb),
        Verb::Device(verb) => device::run(cli, verb),
        Verb::SshKey(verb) => ssh_key::run(&cli.config, verb),
        Verb::SshKeys(arguments) => ssh_keys::run(arguments),
        Verb::Ticket(verb) => ticket::run(&cli.config, verb),
        Verb::RecoveryCodes(verb) => recovery_codes::run(&cli.config, verb),
        Verb::Client(verb) => client::run(&cli.config, verb),
        Verb::Grant(verb) => grant::run(&cli.config, verb),
        Verb::Policy(verb) => policy::run(&cli.config, verb),
        Verb::Methods => methods::run(&cli.config),
        Verb::Audit(verb) => audit::run(cli, verb),
        Verb::Why(arguments) => why::run(&cli.config, arguments),
        Verb::Keyring(verb) => keyring::run(&cli.config, verb),
        Verb::Mail(verb) => mail::run(&cli.config, verb),
        Verb::SigningKeys(verb) => signing_keys::run(&cli.config, verb),
        Verb::Import(arguments) => import::run(&cli.config, arguments),
        Verb::Export(arguments) => export::run(&cli.config, arguments),
        Verb::Store(verb) => store::run(&cli.config, verb),
        Verb::Setup(verb) => setup::run(&cli.config, verb),
        Verb::Url(arguments) => url::run(&cli.config, arguments),
        Verb::Doctor(arguments) => doctor::run(&cli.config, arguments),
        Verb::Status(arguments) => Ok(status::run(&cli.config, arguments)),
        Verb::Generate(arguments) => generate::run(arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
