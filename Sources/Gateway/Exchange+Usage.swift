import Budgeting
import EventLoops
import JSON
import Reporting
import Vocabulary

/// `GET /tollgate/usage`: what a team may know of itself, by its own key (`docs/api.md` §2).
extension Exchange {
    /// Asks the store for the team's roll-ups of the month; the answer comes as `usageRead`.
    func askForUsage() -> Step {
        guard let caller = facts.caller else { preconditionFailure("usage before authentication") }
        guard worker.readUsage(of: caller.team.id, for: number) else { return reply(.tooManyWaiting) }
        awaitStore(SharedRooms.usageTimeout) { $0.usageRead(.failure(SharedRooms.usageSilent)) }
        return .waiting
    }

    /// The store's answer.
    func usageRead(_ result: Result<SpendCounts, StoreFault>) {
        guard let caller = facts.caller else { preconditionFailure("usage before authentication") }
        switch result {
        case .success(let month):
            worker.noteUse(by: caller)
            replyUsage(report(of: caller, month).text + [0x0A])
        case .failure(let fault): reply(.storeUnavailable(fault))
        }
    }

    private func report(of caller: Caller, _ month: SpendCounts) -> JSONValue {
        let (team, key) = (caller.team.id, caller.key.id)
        return .object([
            ("team", .string(team.rawValue)), ("key", .string(key.rawValue)),
            ("budgets", .array(budgets("team", .team(team)) + budgets("key", .key(key)))),
            (
                "month",
                .object([
                    ("spent", .credits(month.spent)), ("unconfirmed", .credits(month.unconfirmed)),
                    ("saved", .credits(month.saved)), ("requests", .integer(month.requests)),
                    ("hits", .integer(month.hits)), ("collapsed", .integer(month.collapsed)),
                    ("misses", .integer(month.misses)), ("denied", .integer(month.denied)),
                ])
            ),
        ])
    }

    private func budgets(_ name: String, _ scope: BudgetScope) -> [JSONValue] {
        worker.rooms.standing(of: scope, at: worker.loop.wallClock).json.map { budget in
            guard case .object(let members) = budget else { preconditionFailure("a budget that is no object") }
            return .object([("scope", .string(name))] + members)
        }
    }
}
