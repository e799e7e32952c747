import HTTPMessages

/// What browsers tell of the page that made a request, in `Sec-Fetch-Site` (W3C Fetch Metadata Request Headers §2.4).
/// Other programs do not send it.
enum AdminOrigin {
    /// Whether a page of another site asks for a change. It could not show a token unless it had stolen one, so this is
    /// a second line of defence.
    static func isForeignChange(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        switch head.method {
        case .get, .head, .options: false
        case .post, .put, .patch, .delete, .connect, .trace, .unknown:
            head.values(of: "sec-fetch-site", in: bytes).contains {
                TokenList.equals(bytes.extracting($0.indices), "cross-site")
            }
        }
    }
}
