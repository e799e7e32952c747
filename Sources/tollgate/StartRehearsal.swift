import Configuration
import Registry
import Storage

/// The checks of a start on a valid configuration, without opening sockets or touching the store, which a running
/// gateway may have open.
enum StartRehearsal {
    /// All faults that would prevent a start; each line begins with the member's path. Blocks during name lookups.
    static func faults(_ configuration: GatewayConfiguration) -> [String] {
        [
            fault("") {
                let sealer = SecretSealer(master: nil)
                let registry = try Registry(file: configuration.fileRegistry, rows: RegistryRows(), sealer: sealer)
                _ = try configuration.gatewaySettings(registry)
                _ = try configuration.adminSettings()
            },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.listen.address, "listen.address") },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.admin.address, "admin.address") },
            fault("store.url: ") { try Store.checkPlace(path: configuration.sqlitePath) },
        ].compactMap { $0 }
    }

    private static func fault(_ prefix: String, _ step: () throws -> Void) -> String? {
        do { try step() } catch { return "\(prefix)\(error)" }
        return nil
    }
}
