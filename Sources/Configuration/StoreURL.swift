/// What can be said of the URL of a store without its room.
public enum StoreURL {
    public static func isPostgreSQL(_ url: String) -> Bool {
        url.hasPrefix("postgresql://") || url.hasPrefix("postgres://")
    }

    /// Whether it names a kind of store that there is.
    public static func isSound(_ url: String) -> Bool {
        isPostgreSQL(url) || url.hasPrefix("sqlite:") && url.utf8.count > 7
    }

    /// Whether it has a password: in the user's part of the authority (RFC 3986 §3.2.1), or as a parameter of libpq.
    public static func hasPassword(_ url: String) -> Bool {
        guard isPostgreSQL(url) else { return false }
        let rest = url[(url.range(of: "://")?.upperBound ?? url.endIndex)...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        return user.contains(":") || rest.contains("?password=") || rest.contains("&password=")
    }
}
