import ContentCodings
import HTTPMessages

/// The content of a vendor's response after its content codings are decoded. Pure.
///
/// The request asks for none (`Accept-Encoding: identity`), but a proxy in front of the vendor may encode anyway. Only
/// decoded content can be read, and searched for the vendor's key.
struct ReplyContent {
    /// As received when `encoding` is set; empty when decoding failed.
    let body: [UInt8]
    /// The value of `Content-Encoding` when it names a coding that is not supported here.
    let encoding: [UInt8]?
    /// Why a supported coding could not be decoded.
    let fault: ContentFault?

    /// - Parameter bytesMax: the maximum length of the body, before and after decoding.
    init(_ reader: ResponseReader, bytesMax: Int) {
        guard let field = reader.contentEncoding, !reader.body.isEmpty else {
            (body, encoding, fault) = (reader.body, nil, nil)
            return
        }
        guard let codings = ContentCoding.list(field) else {
            (body, encoding, fault) = (reader.body, field, nil)
            return
        }
        do throws(ContentFault) {
            body = try ContentDecoder.decode(reader.body, codings, bytesMax: bytesMax)
            (encoding, fault) = (nil, nil)
        } catch {
            (body, encoding, fault) = ([], nil, error)
        }
    }
}
