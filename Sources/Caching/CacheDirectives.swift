/// What the client asks of the cache: the request directives of `Cache-Control`, RFC 9111 §5.2.1.
///
/// Field lines are added one by one, so that several of them mean the same as one list (RFC 9110 §5.3). Directives
/// which are not named here are ignored (§5.2.3). Where a text can be read in two ways, the reading which takes less
/// from the cache counts: a malformed `max-age` is 0, of several the smallest holds (§4.2.1 leaves both to us).
public struct CacheDirectives: Equatable, Sendable {
    /// Nothing may be taken from the cache without asking the vendor; the answer may be stored (§5.2.1.4).
    public var noCache = false
    /// Nothing may be taken from the cache or stored in it (§5.2.1.5).
    public var noStore = false
    /// Only the cache may answer (§5.2.1.7).
    public var onlyIfCached = false
    /// The greatest age in seconds that the client accepts, 0 to 2^31 (§5.2.1.1); nil when it does not say.
    public var maxAgeSeconds: Int64?

    /// The largest number of seconds that is told from a larger one, RFC 9111 §1.2.2.
    public static let secondsMax: Int64 = 1 << 31

    public init() {}

    /// Takes in the value of one `Cache-Control` field line.
    public mutating func add(fieldValue: Span<UInt8>) {
        var reader = DirectiveReader()
        while let directive = reader.next(in: fieldValue) {
            take(directive, in: fieldValue)
        }
    }

    private mutating func take(_ directive: DirectiveReader.Directive, in bytes: Span<UInt8>) {
        if directive.isNamed("no-cache", in: bytes) {
            noCache = true
        } else if directive.isNamed("no-store", in: bytes) {
            noStore = true
        } else if directive.isNamed("only-if-cached", in: bytes) {
            onlyIfCached = true
        } else if directive.isNamed("max-age", in: bytes) {
            let seconds = directive.deltaSeconds(in: bytes) ?? 0
            maxAgeSeconds = min(maxAgeSeconds ?? .max, seconds)
        }
    }
}
