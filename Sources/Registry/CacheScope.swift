/// Whose results a team shares.
public enum CacheScope: String, Sendable, CaseIterable {
    case organization
    case team
}
