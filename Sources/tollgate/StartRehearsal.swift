import Configuration
import Registry
import Storage

/// What a start makes of a configuration that is in order in itself, without sockets and without touching the store, which
/// a running gateway may have.
enum StartRehearsal {
    /// Everything that would keep it from starting; each line begins with the member's path. Blocks while names are looked
    /// up.
    static func faults(_ configuration: GatewayConfiguration) -> [String] {
        [
            fault("") {
                let sealer = SecretSealer(master: nil)
                let registry = try Registry(file: configuration.fileRegistry, rows: RegistryRows(), sealer: sealer)
                _ = try configuration.gatewaySettings(registry)
            },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.listen.address, "listen.address") },
            fault("") { _ = try ListenAddressResolution.resolve(configuration.admin.address, "admin.address") },
            fault("store.url: ") { try SQLiteStore.checkPlace(path: configuration.sqlitePath) },
        ].compactMap { $0 }
    }

    private static func fault(_ prefix: String, _ step: () throws -> Void) -> String? {
        do { try step() } catch { return "\(prefix)\(error)" }
        return nil
    }
}
