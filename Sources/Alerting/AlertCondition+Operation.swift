import JSON
public import UpstreamKeys
public import Vocabulary

/// Keys, the vendor, and certificates.
extension AlertCondition {
    /// The breakers that are not closed, and the keys that are quarantined. A breaker that probes is open still.
    public static func conditions(of accounts: [UpstreamAccountStatus]) -> [AlertCondition] {
        accounts.flatMap { account in
            (account.breaker == .closed ? [] : [open(account.account)])
                + account.keys.compactMap { key in key.quarantineReason.map { quarantined(key, $0) } }
        }
    }

    private static func open(_ account: AccountID) -> AlertCondition {
        var facts = AlertFacts(
            "The vendor fails for account \(account): misses are refused with circuit_open until a probe succeeds."
        )
        facts.others = [("account", .string(account.rawValue))]
        return AlertCondition(.circuitOpen, account.rawValue, .lasting, facts)
    }

    private static func quarantined(_ key: UpstreamKeyStatus, _ reason: QuarantineReason) -> AlertCondition {
        var facts = AlertFacts(
            "The vendor refuses upstream key \(key.id) (\(reason.rawValue)): it is left out and tried once a minute. Look it "
                + "up at the vendor; rotate it if it is gone."
        )
        facts.others = [
            ("upstream_key", .string(key.id.rawValue)), ("account", .string(key.account.rawValue)),
            ("reason", .string(reason.rawValue)),
        ]
        return AlertCondition(.keyQuarantined, key.id.rawValue, .lasting, facts)
    }

    /// A key at the vendor ends soon.
    public static func expiring(_ key: UpstreamKeyID, of account: AccountID, at end: Timestamp) -> AlertCondition {
        var facts = AlertFacts("Upstream key \(key) of account \(account) ends at \(end.rfc3339); rotate it before.")
        facts.others = [
            ("upstream_key", .string(key.rawValue)), ("account", .string(account.rawValue)), ("expires_at", .time(end)),
        ]
        return AlertCondition(.keyExpiring, "upstream_key|\(key)|\(end.microseconds)", .dated(until: end), facts)
    }

    /// A team's key ends soon.
    public static func expiring(_ key: TeamKeyID, of team: TeamID, at end: Timestamp) -> AlertCondition {
        var facts = AlertFacts("Key \(key) of team \(team) ends at \(end.rfc3339); issue another one before.")
        facts.team = team
        facts.others = [("key", .string(key.rawValue)), ("expires_at", .time(end))]
        return AlertCondition(.keyExpiring, "team_key|\(key)|\(end.microseconds)", .dated(until: end), facts)
    }

    /// The certificate that a listener shows ends soon, or has ended.
    ///
    /// - Parameter setting: the member of the configuration that names its file.
    public static func certificate(_ setting: String, endsAt end: Timestamp) -> AlertCondition {
        var facts = AlertFacts(
            "The certificate of \(setting) ends at \(end.rfc3339); replace the file and send SIGHUP."
        )
        facts.others = [("setting", .string(setting)), ("expires_at", .time(end))]
        return AlertCondition(
            .certificateExpiring,
            "\(setting)|\(end.microseconds)",
            .dated(until: nil),
            facts
        )
    }

    /// Sent on an operator's word.
    public static func test(by actor: String) -> AlertFacts {
        AlertFacts("This is a test alert of Tollgate, asked for by \(actor). The receiver works.")
    }
}
