/// The limits on one member, in the configuration file and on the admin side alike: `docs/settings.md`.
///
/// Larger than any real need, but small enough that every form is read quickly and no single item makes a list long.
public enum FormLimits {
    /// Members of one object; each is searched for by name.
    public static let members = 100
    /// Characters (Unicode scalars) of a name, a model or an account.
    public static let nameCharacters = 128
    /// Models that a team may use.
    public static let models = 100
    /// Budgets of one team or key; at most eight of them can differ in window and kind.
    public static let budgets = 100
    /// Shares of one budget at which an alert is sent.
    public static let alertShares = 100
    /// Teams of the file.
    public static let teams = 10_000
    /// Keys of one team.
    public static let teamKeys = 10_000
    /// Keys at the vendor.
    public static let upstreamKeys = 1_000
    /// Tokens of the admin side.
    public static let tokens = 1_000
    /// Additional hosts that the admin side accepts.
    public static let hosts = 1_000
    /// Models with a price of their own.
    public static let prices = 1_000
    /// Pass-through prefixes, and routes that spend.
    public static let routes = 1_000
    /// Characters of a path or an address.
    public static let addressCharacters = 2_048
}
