public import Vocabulary

/// What holds for all calls to the simulated vendor until a fault or a control call says otherwise. Immutable.
public struct VendorSettings: Equatable, Sendable {
    /// How long one classification takes. The vendor's sample took 1.4 s.
    public var delay: Duration
    /// Credits for one page by model, at most 1,000. A model that is not named here is refused.
    public var creditsPerPage: [String: MicroCredits]
    /// The API keys that are accepted.
    public var keys: [String]

    public static let creditsPerPageMax = MicroCredits(micros: 1_000 * 1_000_000)

    public init(
        delay: Duration = .milliseconds(1_400),
        creditsPerPage: [String: MicroCredits] = VendorSettings.usualCreditsPerPage,
        keys: [String] = []
    ) {
        self.delay = delay
        self.creditsPerPage = creditsPerPage
        self.keys = keys
    }

    /// One credit a page, as the vendor's sample charges; the models are those that its pages have named.
    public static let usualCreditsPerPage: [String: MicroCredits] = {
        let one = MicroCredits(micros: 1_000_000)
        return ["gpt-4o-mini": one, "gpt-4o": one, "gpt-3.5-turbo": one]
    }()
}
