import Forms
public import Gateway
import JSON
public import Registry
import Vocabulary

/// A changed configuration file to apply. Handed to the keeper, on its loop.
public struct RegistryReload {
    /// What asked for it, as the audit log says it.
    public enum Cause: String, Sendable {
        /// A person, who may have changed anything.
        case signal = "SIGHUP"
        /// A file that the configuration names, such as a secret's.
        case files
    }

    let file: FileRegistry
    let cause: Cause
    let makeSettings: (Registry) throws -> GatewaySettings
    let then: (Result<Void, any Error>) -> Void

    /// - Parameters:
    ///   - makeSettings: makes the settings from the new registry; when it throws, nothing is changed.
    ///   - then: called when the settings are in effect on every worker, or with the error.
    public init(
        file: FileRegistry,
        cause: Cause,
        makeSettings: @escaping (Registry) throws -> GatewaySettings,
        then: @escaping (Result<Void, any Error>) -> Void
    ) {
        self.file = file
        self.cause = cause
        self.makeSettings = makeSettings
        self.then = then
    }

    /// The audit log's entry: what causes a reload has neither token nor address.
    func auditEntry(at now: Timestamp) -> AuditEntry {
        let counts: [(name: String, value: JSONValue)] = [
            ("teams", .integer(file.teams.count)), ("team_keys", .integer(file.teamKeys.count)),
            ("upstream_keys", .integer(file.upstreamKeys.count)),
        ]
        return AuditEntry(
            at: now,
            actor: cause.rawValue,
            role: "program",
            action: "configuration.reload",
            target: "configuration",
            address: "",
            before: nil,
            after: JSONValue.object(counts).text
        )
    }
}
