import Forms
public import Gateway
import JSON
public import Registry
import Vocabulary

/// Another configuration file that is to be taken into use. Handed to the keeper, on its loop.
public struct RegistryReload {
    let file: FileRegistry
    let makeSettings: (Registry) throws -> GatewaySettings
    let then: (Result<Void, any Error>) -> Void

    /// - Parameters:
    ///   - makeSettings: of the registry as it will be; when it throws, nothing is changed.
    ///   - then: called when the settings hold on every worker, or with what was thrown.
    public init(
        file: FileRegistry,
        makeSettings: @escaping (Registry) throws -> GatewaySettings,
        then: @escaping (Result<Void, any Error>) -> Void
    ) {
        self.file = file
        self.makeSettings = makeSettings
        self.then = then
    }

    /// What the audit log says of it: a signal has neither token nor address.
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
