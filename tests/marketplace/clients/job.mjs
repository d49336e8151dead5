// A requester's job with the AWS SDK for JavaScript, from CreateHIT to paid. Settings come as JSON in the first
// argument: {modules, endpoint, key, secret, question}. What was seen goes out as one line of JSON.
import { createRequire } from "node:module";

const given = JSON.parse(process.argv[2]);
// Modules are looked up beside the importing file; these lie in a cache folder.
const mturk = createRequire(`${given.modules}/`)("@aws-sdk/client-mturk");

const client = new mturk.MTurkClient({
  endpoint: given.endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: given.key, secretAccessKey: given.secret },
  maxAttempts: 1,
});
const call = (name, input = {}) => client.send(new mturk[`${name}Command`](input));

async function work(HITId, WorkerId, Fields) {
  const answer = await fetch(`${given.endpoint}/control/assignments`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ HITId, WorkerId, Fields }),
  });
  return (await answer.json()).AssignmentId;
}

const { HIT } = await call("CreateHIT", {
  Title: "Compare Ünïcode ✓",
  Description: "Compare two pictures",
  Reward: "0.50",
  AssignmentDurationInSeconds: 600,
  LifetimeInSeconds: 3600,
  MaxAssignments: 2,
  Question: given.question,
  UniqueRequestToken: "js-1",
  QualificationRequirements: [
    { QualificationTypeId: "00000000000000000071", Comparator: "In", LocaleValues: [{ Country: "US" }] },
  ],
});
const first = await work(HIT.HITId, "AJSFIRST", { colour: "blue" });
const second = await work(HIT.HITId, "AJSSECOND", { colour: "red" });

const listed = await call("ListAssignmentsForHIT", { HITId: HIT.HITId, AssignmentStatuses: ["Submitted"] });
await call("ApproveAssignment", { AssignmentId: first, RequesterFeedback: "thank you" });
await call("RejectAssignment", { AssignmentId: second, RequesterFeedback: "not that one" });
await call("SendBonus", {
  WorkerId: "AJSFIRST", AssignmentId: first, BonusAmount: "1.00", Reason: "well done", UniqueRequestToken: "js-bonus",
});

let refused;
try {
  await call("ApproveAssignment", { AssignmentId: first });
} catch (error) {
  refused = {
    isRequestError: error instanceof mturk.RequestError,
    name: error.name,
    code: error.TurkErrorCode,
    message: error.message || error.Message,
    status: error.$metadata.httpStatusCode,
    requestId: error.$metadata.requestId,
  };
}

for (let number = 0; number < 11; number += 1) {
  await call("CreateHITWithHITType", { HITTypeId: HIT.HITTypeId, LifetimeInSeconds: 60, Question: given.question });
}
const pages = [];
for await (const page of mturk.paginateListHITs({ client, pageSize: 5 }, {})) pages.push(page.HITs.length);

const { Assignment } = await call("GetAssignment", { AssignmentId: first });
const bonuses = await call("ListBonusPayments", { HITId: HIT.HITId });
const balance = await call("GetAccountBalance");
await call("UpdateExpirationForHIT", { HITId: HIT.HITId, ExpireAt: new Date(0) });
await call("DeleteHIT", { HITId: HIT.HITId });

console.log(JSON.stringify({
  title: HIT.Title,
  created: HIT.CreationTime instanceof Date && Math.abs(Date.now() - HIT.CreationTime.getTime()) < 60_000,
  question: HIT.Question === given.question,
  listed: listed.Assignments.map((one) => [one.WorkerId, one.AssignmentStatus]),
  answer: Assignment.Answer,
  status: Assignment.AssignmentStatus,
  approved: Assignment.ApprovalTime instanceof Date,
  refused,
  pages,
  bonuses: bonuses.BonusPayments.map((one) => [one.WorkerId, one.BonusAmount, one.Reason]),
  balance: [balance.AvailableBalance, balance.OnHoldBalance],
}));
