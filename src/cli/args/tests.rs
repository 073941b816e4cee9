use super::*;

fn read(words: &str) -> Result<Cli, clap::Error> {
    Cli::read(std::iter::once("wiretape").chain(words.split_whitespace()).map(OsString::from))
}

fn error(words: &str) -> String {
    read(words).expect_err(words).to_string()
}

#[test]
fn clap_finds_no_fault_in_the_definition() {
    Cli::command().debug_assert();
}

#[test]
fn no_verb_is_record_and_takes_its_flags() {
    let cli = read("--target http://127.0.0.1:3000 --json --home /tmp/h").expect("record");
    assert!(cli.verb.is_none());
    assert!(cli.record.json);
    assert_eq!(cli.record.recording.target.len(), 1);
    assert_eq!(cli.global.home.as_deref(), Some(std::path::Path::new("/tmp/h")));
}

#[test]
fn what_holds_everywhere_stands_before_or_after_the_verb() {
    for words in ["--home /h --color never list", "list --home /h --color never"] {
        let cli = read(words).expect(words);
        assert_eq!(cli.global.color, Color::Never, "{words}");
        assert_eq!(cli.global.home.as_deref(), Some(std::path::Path::new("/h")), "{words}");
    }
}

#[test]
fn a_flag_of_recording_before_another_verb_is_refused() {
    let text = error("--on-full gap list");
    assert!(text.contains("`--on-full` stands before `list`"), "{text}");
}

#[test]
fn a_program_follows_two_dashes() {
    let Some(Verb::Run(run)) = read("run --json f -- cmd --json -x").expect("run").verb else {
        panic!("a run");
    };
    assert_eq!(run.command, ["cmd", "--json", "-x"]);
    assert_eq!(run.json.as_deref(), Some(std::path::Path::new("f")));
    assert!(error("run").contains("required"), "no program");
}

#[test]
fn prune_needs_a_query_or_purge() {
    assert!(read("prune --purge").is_ok());
    assert!(read("prune --dry-run").is_err());
    assert_eq!(read("prune").expect_err("usage").exit_code(), 2);
}

#[test]
fn open_takes_a_tape_or_prints_its_keys() {
    assert!(read("open").is_ok() && read("open - --ascii --no-mouse").is_ok());
    assert!(read("open --keys --json").is_ok());
    assert!(read("open --json").is_err(), "only of keys");
    assert!(read("open x.tape.jsonl --keys").is_err());
}

/// Every help text that a person can ask for.
#[test]
fn help() {
    let mut command = Cli::definition().term_width(100);
    command.build();
    insta::assert_snapshot!("help", command.render_help());
    for verb in command.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        if name != "help" {
            insta::assert_snapshot!(format!("help-{name}"), verb.render_help());
        }
    }
}
