public import Gateway
public import Registry

/// Another configuration file that is to be taken into use. Handed to the keeper, on its loop.
public struct RegistryReload {
    let file: FileRegistry
    let dropsAliases: Bool
    let makeSettings: (Registry) throws -> GatewaySettings
    let then: (Result<Void, any Error>) -> Void

    /// - Parameters:
    ///   - dropsAliases: the meaning of bodies has changed, so identical bytes may have another key now.
    ///   - makeSettings: of the registry as it will be; when it throws, nothing is changed.
    ///   - then: called when the settings hold on every worker, or with what was thrown.
    public init(
        file: FileRegistry,
        dropsAliases: Bool,
        makeSettings: @escaping (Registry) throws -> GatewaySettings,
        then: @escaping (Result<Void, any Error>) -> Void
    ) {
        self.file = file
        self.dropsAliases = dropsAliases
        self.makeSettings = makeSettings
        self.then = then
    }
}
