/// How long the admin API may take and how much it may say.
struct AdminClientLimits {
    /// With the TLS handshake; looking up the name comes before it.
    var connectTimeout = Duration.seconds(5)
    /// From the request to the last byte of the answer.
    var answerTimeout = Duration.seconds(60)
    var answerBytesMax = 64 * 1024 * 1024
    /// Over all pages of a list.
    var itemsMax = 100_000
    /// What a page is asked to hold at most; the gateway gives no more.
    var pageItems = 1_000
}
