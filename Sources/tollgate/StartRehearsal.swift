import Configuration
import Registry
import Storage

/// The checks of a start on a valid configuration, without opening sockets or the file of a store, which a running
/// gateway may have open. A database is asked whether it can be used.
enum StartRehearsal {
    /// All faults that would prevent a start, and what an operator should know of the store; each line begins with the
    /// member's path. Blocks during name lookups, and while a database is asked.
    static func run(_ configuration: GatewayConfiguration) -> (faults: [String], remarks: [String]) {
        var remarks: [String] = []
        let faults = [
            fault("") {
                let sealer = SecretSealer(master: nil)
                let registry = try Registry(file: configuration.fileRegistry, rows: RegistryRows(), sealer: sealer)
                _ = try configuration.gatewaySettings(registry)
                _ = try configuration.adminSettings()
            },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.listen.address, "listen.address") },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.admin.address, "admin.address") },
            fault("store.url: ") { remarks = try configuration.storeTarget().check().map { "store.url: \($0)" } },
        ].compactMap { $0 }
        return (faults, remarks)
    }

    private static func fault(_ prefix: String, _ step: () throws -> Void) -> String? {
        do { try step() } catch { return "\(prefix)\(error)" }
        return nil
    }
}
