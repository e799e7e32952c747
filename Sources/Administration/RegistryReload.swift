import Forms
public import Gateway
import JSON
public import Registry
import Vocabulary

/// A changed configuration file to apply. Handed to the keeper, on its loop.
public struct RegistryReload {
    let file: FileRegistry
    let makeSettings: (Registry) throws -> GatewaySettings
    let then: (Result<Void, any Error>) -> Void

    /// - Parameters:
    ///   - makeSettings: makes the settings from the new registry; when it throws, nothing is changed.
    ///   - then: called when the settings are in effect on every worker, or with the error.
    public init(
        file: FileRegistry,
        makeSettings: @escaping (Registry) throws -> GatewaySettings,
        then: @escaping (Result<Void, any Error>) -> Void
    ) {
        self.file = file
        self.makeSettings = makeSettings
        self.then = then
    }

    /// The audit log's entry: a reload comes by a signal, which has neither token nor address.
    func auditEntry(at now: Timestamp) -> AuditEntry {
        let counts: [(name: String, value: JSONValue)] = [
            ("teams", .integer(file.teams.count)), ("team_keys", .integer(file.teamKeys.count)),
            ("upstream_keys", .integer(file.upstreamKeys.count)),
        ]
        return AuditEntry(
            at: now,
            actor: "SIGHUP",
            role: "program",
            action: "configuration.reload",
            target: "configuration",
            address: "",
            before: nil,
            after: JSONValue.object(counts).text
        )
    }
}
