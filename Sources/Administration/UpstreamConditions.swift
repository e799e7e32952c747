import Forms
import JSON
import Registry
import UpstreamKeys
import Vocabulary

/// The current conditions of the vendor keys, beyond what the registry knows.
struct UpstreamConditions {
    private let keys: [UpstreamKeyID: UpstreamKeyStatus]

    init(_ accounts: [UpstreamAccountStatus]) {
        keys = Dictionary(accounts.flatMap(\.keys).map { ($0.id, $0) }) { first, _ in first }
    }

    /// The key as the admin API shows it.
    func json(_ entry: UpstreamKeyEntry, _ source: RegistrySource, monthlyRemaining: MicroCredits?) -> JSONValue {
        guard case .object(var members) = entry.json(source), let status = keys[entry.key.id] else {
            return entry.json(source)
        }
        let isSpent = monthlyRemaining.map { $0 <= .zero } ?? false
        for index in members.indices where members[index].name == "state" {
            members[index].value = .string(status.state.rawValue)
        }
        members += [
            ("available", .bool(status.state == .active && status.isInTime && !isSpent)),
            ("detail", .orNull(detail(status, isSpent: isSpent)) { .string($0) }),
            ("cooling_until", .orNull(status.coolingUntil) { .time($0) }),
            ("monthly_remaining", .orNull(monthlyRemaining) { .credits($0) }),
            ("under_way", .integer(status.underWay)),
            ("last_used_at", .orNull(status.lastUsedAt) { .time($0) }),
        ]
        return .object(members)
    }

    /// Why the key is not in use now, where its state alone does not say so.
    private func detail(_ status: UpstreamKeyStatus, isSpent: Bool) -> String? {
        if let reason = status.quarantineReason { return reason.rawValue }
        if !status.isInTime { return "outside not_before and not_after" }
        return isSpent ? "monthly_credits are spent" : nil
    }
}
