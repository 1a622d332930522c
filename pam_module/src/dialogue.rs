//! Show what the agent says, send back what the person answers, until the agent's verdict.
//!
//! The agent decides; the module only holds it to the order of the protocol. A grant must follow a prompt that a person
//! answered, an exemption must not follow any, a key stands for the answer only where sshd told of one that can, and the
//! account phase has no prompts: an agent, or whoever plays one, that says otherwise is refused.

use crate::agent::{Agent, AgentError};
use crate::conversation::{Conversation, ConversationError};
use crate::outcome::Failure;
use samekey_wire::message::MAX_TEXT;
use samekey_wire::{Answer, Call, Echo, FromAgent, FromModule, Start, Verdict};

/// Most messages an agent may send in one conversation.
const MOST_MESSAGES: usize = 64;

/// What happened so far.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    prompts: u32,
    answers: u32,
    fakes: u32,
    /// sshd told of a key in an authenticator.
    key: bool,
}

/// Holds the conversation that this start opens.
pub fn hold(agent: &mut impl Agent, person: &impl Conversation, start: Start) -> Result<Verdict, Failure> {
    let call = start.call;
    let key = tells_of_a_security_key(&start);
    agent.send(&FromModule::Start(Box::new(start)))?;
    let mut course = Course {
        key,
        ..Course::default()
    };
    for _ in 0..MOST_MESSAGES {
        match agent.receive()? {
            FromAgent::Prompt { text, echo } => {
                if call == Call::Account {
                    return Err(out_of_turn("it asked a question in the account phase"));
                }
                prompt(agent, person, &fitting(text)?, echo, &mut course)?;
            }
            FromAgent::Info { text } => person.tell(&fitting(text)?),
            FromAgent::Error { text } => person.complain(&fitting(text)?),
            FromAgent::Verdict(verdict) => return in_turn(verdict, call, course),
        }
    }
    Err(out_of_turn("it talks without end"))
}

/// Whether sshd says that this connection was opened with a key in an authenticator. What the key is worth, the agent finds.
fn tells_of_a_security_key(start: &Start) -> bool {
    let lines = start.auth_info.as_deref().unwrap_or_default().lines();
    start.service == "sshd" && lines.into_iter().any(|line| line.starts_with("publickey sk-"))
}

/// One prompt and its answer. An agent that was asked for nothing more is told so before we leave.
fn prompt(
    agent: &mut impl Agent,
    person: &impl Conversation,
    text: &str,
    echo: Echo,
    course: &mut Course,
) -> Result<(), Failure> {
    course.prompts += 1;
    match person.ask(text, echo) {
        Ok(answer) => {
            match answer {
                Answer::Text(_) => course.answers += 1,
                Answer::Fake => course.fakes += 1,
            }
            let mut message = FromModule::Answer(answer);
            let sent = agent.send(&message);
            message.wipe();
            Ok(sent?)
        }
        Err(error) => cancelled(agent, error),
    }
}

fn cancelled(agent: &mut impl Agent, error: ConversationError) -> Result<(), Failure> {
    // The refusal stands whether or not the agent hears of it: it also sees the connection close.
    let _ = agent.send(&FromModule::Cancel);
    Err(error.into())
}

/// Whether this verdict may end this conversation.
fn in_turn(verdict: Verdict, call: Call, course: Course) -> Result<Verdict, Failure> {
    match (verdict, call) {
        (Verdict::Granted, Call::Authenticate) if course.answers == 0 || course.fakes > 0 => {
            Err(out_of_turn("it granted a login that nobody answered for"))
        }
        (Verdict::KeyShown, _) if !course.key || course.prompts > 0 => {
            Err(out_of_turn("it granted a login for a key that was not shown"))
        }
        (Verdict::Exempt, _) if course.prompts > 0 => Err(out_of_turn("it called a login exempt after asking")),
        _ => Ok(verdict),
    }
}

fn fitting(text: String) -> Result<String, Failure> {
    if text.len() > MAX_TEXT {
        return Err(out_of_turn("a text too long to show"));
    }
    Ok(text)
}

fn out_of_turn(what: &'static str) -> Failure {
    Failure::Agent(AgentError::OutOfTurn(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_wire::{FrameError, Reason};
    use std::cell::RefCell;
    use std::collections::VecDeque;

    /// An agent that says these things and remembers what it heard.
    struct Scripted {
        says: VecDeque<FromAgent>,
        heard: Vec<FromModule>,
    }

    impl Agent for Scripted {
        fn send(&mut self, message: &FromModule) -> Result<(), AgentError> {
            self.heard.push(message.clone());
            Ok(())
        }
        fn receive(&mut self) -> Result<FromAgent, AgentError> {
            self.says.pop_front().ok_or(AgentError::Frame(FrameError::Closed))
        }
    }

    /// A person who answers so and remembers what was shown.
    struct Person {
        answers: RefCell<VecDeque<Result<Answer, ConversationError>>>,
        seen: RefCell<Vec<String>>,
    }

    impl Conversation for Person {
        fn ask(&self, text: &str, _echo: Echo) -> Result<Answer, ConversationError> {
            self.seen.borrow_mut().push(text.to_owned());
            self.answers.borrow_mut().pop_front().unwrap()
        }
        fn tell(&self, text: &str) {
            self.seen.borrow_mut().push(text.to_owned());
        }
        fn complain(&self, text: &str) {
            self.seen.borrow_mut().push(text.to_owned());
        }
    }

    fn run(
        call: Call,
        says: Vec<FromAgent>,
        answers: Vec<Result<Answer, ConversationError>>,
    ) -> (Result<Verdict, Failure>, Vec<FromModule>, Vec<String>) {
        run_as(start(call, None), says, answers)
    }

    fn start(call: Call, auth_info: Option<&str>) -> Start {
        Start {
            call,
            service: "sshd".into(),
            user: "demo".into(),
            tty: None,
            rhost: None,
            ruser: None,
            uid: 0,
            silent: false,
            ssh_connection: None,
            auth_info: auth_info.map(str::to_owned),
            had_password: false,
            locale: None,
        }
    }

    fn run_as(
        start: Start,
        says: Vec<FromAgent>,
        answers: Vec<Result<Answer, ConversationError>>,
    ) -> (Result<Verdict, Failure>, Vec<FromModule>, Vec<String>) {
        let mut agent = Scripted {
            says: says.into(),
            heard: Vec::new(),
        };
        let person = Person {
            answers: RefCell::new(answers.into()),
            seen: RefCell::default(),
        };
        let ending = hold(&mut agent, &person, start);
        (ending, agent.heard, person.seen.into_inner())
    }

    fn prompt() -> FromAgent {
        FromAgent::Prompt {
            text: "code: ".into(),
            echo: Echo::On,
        }
    }

    fn typed(text: &str) -> Answer {
        Answer::Text(text.into())
    }

    fn refused(ending: &Result<Verdict, Failure>) -> bool {
        matches!(ending, Err(Failure::Agent(AgentError::OutOfTurn(_))))
    }

    #[test]
    fn an_answered_prompt_may_be_granted() {
        let (ending, heard, seen) = run(
            Call::Authenticate,
            vec![
                FromAgent::Info { text: "hello".into() },
                prompt(),
                FromAgent::Verdict(Verdict::Granted),
            ],
            vec![Ok(typed("123456"))],
        );
        assert_eq!(ending, Ok(Verdict::Granted));
        assert_eq!(heard.len(), 2);
        assert_eq!(heard[1], FromModule::Answer(Answer::Text("123456".into())));
        assert_eq!(seen, ["hello", "code: "]);
    }

    #[test]
    fn a_grant_that_nobody_answered_for_is_refused() {
        let granted = || FromAgent::Verdict(Verdict::Granted);
        let (ending, ..) = run(Call::Authenticate, vec![granted()], vec![]);
        assert!(refused(&ending), "{ending:?}");
        let (ending, ..) = run(Call::Authenticate, vec![prompt(), granted()], vec![Ok(Answer::Fake)]);
        assert!(refused(&ending), "{ending:?}");
        let (ending, ..) = run(
            Call::Authenticate,
            vec![prompt(), prompt(), granted()],
            vec![Ok(Answer::Fake), Ok(typed("123456"))],
        );
        assert!(refused(&ending), "{ending:?}");
    }

    #[test]
    fn an_exemption_after_a_question_is_refused() {
        let exempt = || FromAgent::Verdict(Verdict::Exempt);
        let (ending, ..) = run(Call::Authenticate, vec![exempt()], vec![]);
        assert_eq!(ending, Ok(Verdict::Exempt));
        let (ending, ..) = run(Call::Authenticate, vec![prompt(), exempt()], vec![Ok(typed("1"))]);
        assert!(refused(&ending), "{ending:?}");
    }

    #[test]
    fn a_key_stands_for_an_answer_only_where_sshd_told_of_one_that_can() {
        let shown = || FromAgent::Verdict(Verdict::KeyShown);
        let sk = "publickey sk-ssh-ed25519@openssh.com AAAA\n";
        for call in [Call::Authenticate, Call::Account] {
            let (ending, ..) = run_as(start(call, Some(sk)), vec![shown()], vec![]);
            assert_eq!(ending, Ok(Verdict::KeyShown));
            for other in [
                None,
                Some(""),
                Some("publickey ssh-ed25519 AAAA\n"),
                Some("hostbased sk-ssh-ed25519 A\n"),
            ] {
                let (ending, ..) = run_as(start(call, other), vec![shown()], vec![]);
                assert!(refused(&ending), "{other:?} {ending:?}");
            }
            let elsewhere = Start {
                service: "sudo".into(),
                ..start(call, Some(sk))
            };
            let (ending, ..) = run_as(elsewhere, vec![shown()], vec![]);
            assert!(refused(&ending), "{ending:?}");
        }
        let asked = start(Call::Authenticate, Some(sk));
        let (ending, ..) = run_as(asked, vec![prompt(), shown()], vec![Ok(typed("1"))]);
        assert!(refused(&ending), "{ending:?}");
    }

    #[test]
    fn the_account_phase_has_no_prompts() {
        let (ending, ..) = run(Call::Account, vec![prompt()], vec![Ok(typed("1"))]);
        assert!(refused(&ending), "{ending:?}");
        let (ending, ..) = run(Call::Account, vec![FromAgent::Verdict(Verdict::Granted)], vec![]);
        assert_eq!(ending, Ok(Verdict::Granted));
    }

    #[test]
    fn whoever_gives_up_is_reported_and_refused() {
        for error in [
            ConversationError::Failed,
            ConversationError::NoAnswer,
            ConversationError::NotText,
        ] {
            let (ending, heard, _) = run(Call::Authenticate, vec![prompt()], vec![Err(error)]);
            assert_eq!(ending, Err(Failure::Conversation(error)));
            assert_eq!(heard.last(), Some(&FromModule::Cancel));
        }
    }

    #[test]
    fn an_agent_without_end_or_measure_is_refused() {
        let endless = vec![FromAgent::Info { text: String::new() }; MOST_MESSAGES + 1];
        let (ending, ..) = run(Call::Authenticate, endless, vec![]);
        assert!(refused(&ending), "{ending:?}");
        let text = "x".repeat(MAX_TEXT + 1);
        let (ending, ..) = run(Call::Authenticate, vec![FromAgent::Info { text }], vec![]);
        assert!(refused(&ending), "{ending:?}");
    }

    #[test]
    fn a_refusal_is_passed_on_and_a_silence_is_a_failure() {
        let no = Verdict::Refused {
            reason: Reason::CodeWrong,
        };
        let (ending, ..) = run(
            Call::Authenticate,
            vec![prompt(), FromAgent::Verdict(no)],
            vec![Ok(typed("1"))],
        );
        assert_eq!(ending, Ok(no));
        let (ending, ..) = run(Call::Authenticate, vec![], vec![]);
        assert_eq!(ending, Err(Failure::Agent(AgentError::Frame(FrameError::Closed))));
    }
}
