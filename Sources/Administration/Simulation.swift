import Budgeting
import Registry
import Reporting
import Vocabulary

/// One replay of the ledger (`WhatIf`) under way: it asks the store for a part, takes it, and asks for the next one.
///
/// Guarded. Steps run on the store's thread that answers them, between two of its other lists, so that neither a loop
/// nor the next list waits for a whole replay.
final class Simulation: Sendable {
    typealias Store = ReplayStore & GrantStore<AuditEntry>
    typealias Then = @Sendable (Result<WhatIfAnswer, StoreFault>) -> Void

    private let store: any Store
    private let replay: Guarded<WhatIf>
    private let then: Then

    private init(_ store: any Store, _ replay: WhatIf, _ then: @escaping Then) {
        self.store = store
        self.replay = Guarded(replay)
        self.then = then
    }

    /// Answers once, on a thread of the store, or at once on the caller's.
    static func run(
        _ question: WhatIf.Question,
        under setting: WhatIf.Setting,
        in store: any Store,
        then: @escaping Then
    ) {
        guard question.budgets != nil else { return start(question, setting, nil, [], store, then) }
        store.used(by: question.team, before: question.period.days.lowerBound) { used in
            switch used {
            case .failure(let fault): then(.failure(fault))
            case .success(let used):
                store.grants(of: question.team, before: nil, atMost: GrantLimits.kept) { grants in
                    switch grants {
                    case .failure(let fault): then(.failure(fault))
                    case .success(let grants): start(question, setting, used, grants, store, then)
                    }
                }
            }
        }
    }

    private static func start(
        _ question: WhatIf.Question,
        _ setting: WhatIf.Setting,
        _ used: TeamUse?,
        _ grants: [Grant],
        _ store: any Store,
        _ then: @escaping Then
    ) {
        let used = used ?? TeamUse(before: question.period.days.lowerBound)
        Simulation(store, WhatIf(question, under: setting, used: used, grants: grants), then).goOn()
    }

    private func goOn() {
        let (question, part) = replay.withLock { ($0.question, $0.nextPart) }
        guard let part else {
            return store.usage(of: question.team, over: question.period.days) { [self] result in
                then(result.map { was in replay.withLock { $0.finish(was: was) } })
            }
        }
        store.replayRows(part) { [self] result in
            switch result {
            case .failure(let fault): then(.failure(fault))
            case .success(let rows):
                replay.withLock { $0.take(rows) }
                goOn()
            }
        }
    }
}
