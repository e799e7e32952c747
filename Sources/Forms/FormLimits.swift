/// How much one member may hold, in the file and on the admin side alike: `docs/settings.md`.
///
/// More than anybody needs, and so little that no form takes long to read and no list is made long by one of its items.
public enum FormLimits {
    /// Members of one object, of which each is looked for by its name.
    public static let members = 100
    /// Characters (Unicode scalars) of a name, a model or an account.
    public static let nameCharacters = 128
    /// Models that a team may use.
    public static let models = 100
    /// Budgets of one team or key, of which no more than eight can differ in window and kind.
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
    /// Further hosts that the admin side answers.
    public static let hosts = 1_000
    /// Models with a price of their own.
    public static let prices = 1_000
    /// Prefixes that are passed through, and routes that spend.
    public static let routes = 1_000
    /// Characters of a path or an address.
    public static let addressCharacters = 2_048
}
