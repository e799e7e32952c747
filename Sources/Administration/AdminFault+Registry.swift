import Registry

extension AdminFault {
    /// What the registry refuses, as the API answers it.
    init(_ refusal: RegistryRefusal) {
        switch refusal {
        case .notFound(let what): self = .notFound(what)
        case .conflict(let message): self = .conflict(message)
        case .unprocessable(let path, let message): self = .unprocessable(path, message)
        }
    }

    /// Runs a decision of the registry.
    static func deciding<Value>(_ decide: () throws(RegistryRefusal) -> Value) throws(AdminFault) -> Value {
        do throws(RegistryRefusal) { return try decide() } catch { throw AdminFault(error) }
    }
}
