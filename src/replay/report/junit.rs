//! `JUnit`: one suite a tape, one testcase a recorded step, the differences in its failure. What is
//! extra is a testcase of its own.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, Ruling, Verdict, line, step};

/// The reports as one `JUnit` file.
///
/// # Errors
///
/// The writer's; texts that XML cannot hold are stripped of what it cannot.
pub fn junit(reports: &[Report]) -> Result<String, quick_junit::SerializeError> {
    let mut file = quick_junit::Report::new("wiretape verify");
    for report in reports {
        let mut suite = TestSuite::new(report.tape.as_str());
        for (place, verdict) in report.verdicts.iter().enumerate() {
            suite.add_test_case(case(report, place + 1, verdict));
        }
        suite.add_property(("compared", report.compared.to_string().as_str()));
        suite.add_property(("of", report.of.to_string().as_str()));
        for path in &report.ignored_paths {
            suite.add_property(("ignored", path.as_str()));
        }
        file.add_test_suite(suite);
    }
    file.to_string()
}

fn case(report: &Report, place: usize, verdict: &Verdict) -> TestCase {
    let failure = |kind: &str| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let lines: Vec<String> = verdict.differences.iter().map(line).collect();
        let first = verdict.reason.clone().or_else(|| lines.first().cloned());
        status.set_type(kind).set_message(first.unwrap_or_else(|| kind.to_owned()));
        status.set_description(lines.join("\n"));
        status
    };
    let status = match verdict.ruling {
        Ruling::Same => TestCaseStatus::success(),
        Ruling::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(verdict.reason.clone().unwrap_or_default());
            status
        }
        ruling => failure(ruling.as_str()),
    };
    let mut case = TestCase::new(format!("{place} {}", step(verdict)), status);
    case.set_classname(report.tape.as_str());
    let sent = verdict.message.clone().unwrap_or_else(|| verdict.exchange.to_string());
    case.add_property(("message", sent.as_str()));
    case
}
