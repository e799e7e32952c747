import EventLoops
import Observability
import Registry
import Vocabulary

/// Changes that other nodes made.
extension RegistryKeeper {
    /// Reads the rows and puts them into effect. One change or many, it is one reading.
    func read() {
        let then = back.callback { [unowned self] (result: Result<RegistryRows, StoreFault>) in
            switch result {
            case .success(let rows): take(rows)
            case .failure(let fault):
                ProcessLog.warning("registry_not_read", ["detail": fault.description])
                readingFailed(fault)
            }
        }
        store.registryRows(at: SystemClock.wall(), then: then)
    }

    private func take(_ rows: RegistryRows) {
        var (next, unopened) = registry.replacing(rows: rows)
        for id in unopened { ProcessLog.error("upstream_key_not_opened", ["key": id.rawValue]) }
        // Rulings that the file has ended and the store has still.
        let ended = next.endedRulings
        overdue = overdue.filter(ended.contains)
        for write in overdue { next.apply(write) }
        stamps.read(rows.stamp)
        registry = next
        rotations = registry.memory(of: rows.receipts, at: SystemClock.wall())
        retired = settings.teams
        settings.teams = registry.directory()
        settings.budgets = registry.budgetPlan(settings.budgets)
        settings.upstreamKeys = registry.upstreamKeys
        teams = Self.byID(settings.teams.teams)
        rooms.replace(settings, dropsAliases: false)
        ProcessLog.info("registry_read", ["stamp": String(rows.stamp)])
        publish { [unowned self] in finish() }
    }
}
