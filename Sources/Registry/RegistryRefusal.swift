/// Why a change of teams or keys is not made. Nothing was changed.
public enum RegistryRefusal: Error, Equatable, Sendable {
    /// What it is about is not there; names it.
    case notFound(String)
    /// It would contradict what is there; says what to do.
    case conflict(String)
    /// A member's value; its path, what is wrong and what to do.
    case unprocessable(path: String, message: String)
}
