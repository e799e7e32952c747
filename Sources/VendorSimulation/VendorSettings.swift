public import Vocabulary

/// The settings for all calls to the simulated vendor, unless a fault or a control call overrides them. Immutable.
public struct VendorSettings: Equatable, Sendable {
    /// How long one classification takes. The vendor's sample took 1.4 s.
    public var delay: Duration
    /// Credits for one page by model, at most 1,000. Any other model is refused.
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

    /// One credit per page, as in the vendor's sample; the models are the ones named in its documentation.
    public static let usualCreditsPerPage: [String: MicroCredits] = {
        let one = MicroCredits(micros: 1_000_000)
        return ["gpt-4o-mini": one, "gpt-4o": one, "gpt-3.5-turbo": one]
    }()
}
