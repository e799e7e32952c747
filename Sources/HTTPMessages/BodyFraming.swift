/// How the end of a message body is found, decided from the header section alone (RFC 9112 §6.3).
///
/// A message with both Transfer-Encoding and Content-Length is refused, though §6.1 would allow to go on with
/// chunked: a party that chose the other one could be made to see a second message.
public enum BodyFraming: Equatable, Sendable {
    /// No body.
    case none
    /// Exactly this many bytes; more than 0 in a request that has a body, and possibly 0.
    case length(Int64)
    case chunked
    /// Responses only: all that comes until the connection ends.
    case untilClose
}
