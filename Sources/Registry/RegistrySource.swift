/// Who may change a team or a key: `docs/api.md` §6.
public enum RegistrySource: String, Sendable {
    /// The configuration file; the admin API refuses to.
    case file
    /// The admin API.
    case store
}
