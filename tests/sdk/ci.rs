//! The README's section "In CI", run as it is written: a server and a client of fastmcp, recorded,
//! exported, committed, verified; the `JUnit` read by a parser that is not ours.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::tempdir;

use crate::peers::folder;

const SERVER: &str = r#"
from fastmcp import FastMCP

server = FastMCP("ci")

@server.tool
def add(a: int, b: int) -> int:
    return a + b

server.run(transport="http", host="127.0.0.1", port=8000, show_banner=False)
"#;

const CLIENT: &str = r#"
import asyncio, sys
from fastmcp import Client

async def main():
    async with Client(sys.argv[1]) as client:
        await client.list_tools()
        print((await client.call_tool("add", {"a": 19, "b": 23})).content[0].text)

asyncio.run(main())
"#;

/// Prints `tests failures` of the file.
const PARSER: &str = r#"
from junitparser import JUnitXml
file = JUnitXml.fromfile("verify.xml")
cases = [case for suite in file for case in suite]
print(len(cases), sum(not case.is_passed for case in cases))
"#;

/// The shell blocks of the section.
fn blocks() -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.expect("the README");
    let section = readme.split("\n## In CI\n").nth(1).expect("a section");
    let section = section.split("\n## ").next().expect("its end");
    let blocks = section.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().expect("its end").to_owned()).collect()
}

/// Runs a block in the project's folder, where `wiretape` and `python3` are ours.
fn sh(project: &Path, script: &str) -> Output {
    let bin = project.join("bin");
    let path = std::env::var("PATH").expect("a path");
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", script]).current_dir(project).stdin(std::process::Stdio::null());
    shell.env("PATH", format!("{}:{path}", bin.display()));
    shell.env("WIRETAPE_HOME", project.join("home")).env("HOME", project);
    for who in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{who}_NAME"), "ci").env(format!("GIT_{who}_EMAIL"), "ci@localhost");
    }
    shell.output().expect("a shell")
}

fn ok(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {text}\n{said}", output.status);
    text
}

#[test]
#[ignore = "needs the SDKs that .ci/run installs"]
fn the_readme_as_it_is_written() {
    let project = tempdir().expect("a folder");
    let project = project.path();
    let bin = project.join("bin");
    fs::create_dir(&bin).expect("a folder");
    let python = folder().join(".venv/bin/python");
    fs::write(bin.join("python3"), format!("#!/bin/sh\nexec '{}' \"$@\"\n", python.display()))
        .expect("written");
    let wiretape = env!("CARGO_BIN_EXE_wiretape");
    fs::write(bin.join("wiretape"), format!("#!/bin/sh\nexec '{wiretape}' \"$@\"\n"))
        .expect("written");
    ok(&sh(project, "chmod +x bin/*; git init --quiet ."));
    fs::write(project.join("server.py"), SERVER).expect("written");
    fs::write(project.join("client.py"), CLIENT).expect("written");

    let blocks = blocks();
    let [record, verify] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    assert!(ok(&sh(project, record)).contains("42"), "the client got its answer");
    ok(&sh(project, verify));
    let told = ok(&sh(project, &format!("python3 -c '{PARSER}'")));
    let (cases, failed) = told.trim().split_once(' ').expect("two numbers");
    assert!(cases.parse::<u32>().expect("a number") >= 3 && failed == "0", "{told}");

    let changed = SERVER.replace("a + b", "a - b");
    fs::write(project.join("server.py"), changed).expect("written");
    let red = sh(project, verify);
    assert_eq!(red.status.code(), Some(1), "{}", String::from_utf8_lossy(&red.stderr));
    assert_eq!(ok(&sh(project, &format!("python3 -c '{PARSER}'"))).trim(), format!("{cases} 1"));

    // Brought up to date: the diff is that one answer, and all is green again.
    ok(&sh(project, &format!("{} --update", verify.trim_end())));
    let diff = ok(&sh(project, "git diff --numstat tapes"));
    assert!(diff.starts_with("1\t1\t"), "{diff}");
    ok(&sh(project, verify));
}
