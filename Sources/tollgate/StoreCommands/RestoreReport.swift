import Storage
import Vocabulary

/// What a restore changed, and what follows from it, in lines for a person. Pure.
enum RestoreReport {
    /// How many teams and keys are named.
    private static let namesMax = 50

    static func lines(_ outcome: StoreRestore.Outcome, file: String, path: String) -> [String] {
        var lines = ["\(path): restored from \(file)"]
        if let before = outcome.before { lines.append("  before: \(StoreSurveyText.line(before))") }
        lines.append("  now:    \(StoreSurveyText.line(outcome.after))")
        if let kept = outcome.keptAt { lines.append("  the store that was there: \(kept)") }
        if let fault = outcome.beforeFault {
            lines.append(
                "  the store that was there could not be read whole, and is kept all the same: \(fault.detail)"
            )
        }
        lines += teams(outcome)
        for fault in outcome.sumFaults { lines.append("  accepted: \(fault)") }
        return lines + advice(outcome)
    }

    private static func teams(_ outcome: StoreRestore.Outcome) -> [String] {
        guard let before = outcome.before else { return [] }
        let names = Set(before.teams.keys).union(outcome.after.teams.keys).sorted()
        let changed = names.compactMap { name -> String? in
            let (then, now) = (outcome.after.teams[name] ?? .init(), before.teams[name] ?? .init())
            guard then != now else { return nil }
            return "  team \(name): \(now.spent) spent and \(now.unconfirmed) unconfirmed before, \(then.spent) and "
                + "\(then.unconfirmed) now"
        }
        return cut(changed) { "  and \($0) more teams" }
    }

    private static func cut(_ lines: [String], _ rest: (Int) -> String) -> [String] {
        guard lines.count > namesMax else { return lines }
        return lines.prefix(namesMax) + [rest(lines.count - namesMax)]
    }

    private static func advice(_ outcome: StoreRestore.Outcome) -> [String] {
        let after = outcome.after
        let moment = after.lastReservationAt?.rfc3339 ?? "its moment"
        var lines = [
            "What happened after \(moment) is not in this store:",
            "  - Budgets admit again what was spent since. Lower them, or enter the vendor's bill and look at the drift:",
            "    tollgate statements create --account ID --from DAY --to DAY --credits N",
            "  - Purges, and changes of documents since, are undone: purge what must not be served",
            "    (tollgate cache purge --document ID, or --all --yes).",
            "  - Teams, keys, rotations and revocations are as they were then.",
        ]
        if let before = outcome.before {
            let undone = Set(before.revokedKeys).subtracting(after.revokedKeys).sorted()
            if !undone.isEmpty {
                let names =
                    undone.prefix(namesMax).joined(separator: ", ") + (undone.count > namesMax ? " and others" : "")
                lines.append("  - These keys were revoked since and are valid again; revoke them: \(names)")
            }
        }
        if after.openCount > 0 {
            lines.append(
                "  - \(after.openCount) reservations were under way; the start makes them unconfirmed. Resolve them:"
            )
            lines.append("    tollgate ledger --state unconfirmed; tollgate ledger resolve ID --credits N")
        }
        if after.schemaVersion < StoreMigration.schemaVersion {
            lines.append(
                "  - The schema is \(after.schemaVersion); the start brings it to \(StoreMigration.schemaVersion), or, with "
                    + "store.migrate false, tollgate migrate does."
            )
        }
        return lines
    }
}
