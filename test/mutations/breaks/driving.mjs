const decider = "src/client/follow/approval-decider.ts";
const resumer = "src/client/follow/resumer.ts";
const driven = "src/client/follow/driven-run.ts";
const deciderTests = ["test/client/follow/approval-decider.test.ts"];
const resumerTests = ["test/client/follow/resumer.test.ts"];
const driverTests = [...deciderTests, ...resumerTests];
const proofTests = ["test/client/follow/proof.test.ts"];

/** What is decided and resumed, and when. */
export default [
  {
    rule: "a resume after someone else's decision waits for theirs first",
    file: resumer,
    from: "if (!decisions.some((decision) => run.isOwn(decision)))",
    to: "if (false)",
    tests: resumerTests,
  },
  {
    rule: "a resume is sent only if the server says that the run waits",
    file: resumer,
    from: "needed.length === 0 || !isWaitingStatus(check.run.status)) continue;",
    to: "needed.length === 0) continue;",
    tests: resumerTests,
  },
  {
    rule: "a resume for a timer or a signal checks the status first",
    file: resumer,
    from: 'if (!isWaitingStatus(status.status) || status.status === "waiting-approval") return change;',
    to: "",
    tests: resumerTests,
  },
  {
    rule: "a run is resumed once per decision",
    file: resumer,
    from: "for (const decision of needed) resumed.add(approvalKey(decision));",
    to: "",
    tests: resumerTests,
  },
  {
    rule: "the pause before a resume for a signal grows",
    file: resumer,
    from: "wait.signalPauseMs = Math.min(2 * wait.signalPauseMs, signalPause.maxMs);",
    to: "",
    tests: resumerTests,
  },
  {
    rule: "the pause before a resume for a signal has a limit",
    file: resumer,
    from: "Math.min(2 * wait.signalPauseMs, signalPause.maxMs)",
    to: "2 * wait.signalPauseMs",
    tests: resumerTests,
  },
  {
    rule: "a run that a person paused is not resumed",
    file: "src/client/view/run-status.ts",
    from: "return factsOf(status).isWaiting;",
    to: 'return factsOf(status).isWaiting || status === "paused";',
    tests: resumerTests,
  },
  {
    rule: "with `own`, a run is not resumed for decisions by others",
    file: resumer,
    from: '(rules.which === "all" || run.isOwn(decision))',
    to: "true",
    tests: resumerTests,
  },
  {
    rule: "a check is repeated until it proves the view",
    file: driven,
    from: 'if (check?.result === "proven") return check;',
    to: "if (check !== undefined) return check;",
    tests: driverTests,
  },
  {
    rule: "a decision whose response was lost is not sent again unchecked",
    file: decider,
    from: "if (check !== undefined && !includesApproval(check.view.openApprovals, approval)) {",
    to: "if (previous === undefined && check !== undefined && !includesApproval(check.view.openApprovals, approval)) {",
    tests: driverTests,
  },
  {
    rule: "a decision is checked right before it is sent",
    file: decider,
    from: "const check = await checkUntilProven(run, () => true, signal);",
    to: "const check = { view: run.view };",
    tests: driverTests,
  },
  {
    rule: "an approval that was decided the other way is not reported as our lost decision",
    file: decider,
    from: "if (isAnswerLost(previous) && isDecidedAs(decision, approval, check.view)) {",
    to: "if (isAnswerLost(previous)) {",
    tests: deciderTests,
  },
  {
    rule: "an approval that opens again is a new one",
    file: driven,
    from: "return `${nodeKey(nodeId, iteration)}@${requestedAtMs ?? 0}`;",
    to: "return `${nodeKey(nodeId, iteration)}${requestedAtMs === -1}`;",
    tests: deciderTests,
  },
  {
    rule: "following does not stop at an approval while a decision awaits its resume",
    file: "src/client/follow/reach-approval.ts",
    from: "!(resumes && unappliedDecisions.length > 0)",
    to: "true",
    tests: ["test/client/follow/reach-approval.test.ts"],
  },
  {
    rule: "counts of ended nodes are compared, not only counts of approvals",
    file: "src/client/follow/proof.ts",
    from: "endedNodesOf(view) + this.#silentlyEnded === endedNodes(run.summary)",
    to: "true",
    tests: proofTests,
  },
  {
    rule: "the server's status must match the view's",
    file: "src/client/follow/proof.ts",
    from: 'if (!isSameStatus) return "unproven";',
    to: "",
    tests: proofTests,
  },
];
