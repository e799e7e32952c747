import Registry

extension AdminRequest {
    /// Whoever asks, for the audit log. Only of routes that need a token.
    var changer: RegistryKeeper.Actor {
        guard let actor else { preconditionFailure("a change on a public route") }
        return RegistryKeeper.Actor(name: actor.name, role: actor.role, address: address)
    }
}
