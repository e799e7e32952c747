import ContentCodings
import HTTPMessages

/// What a response of the vendor holds, after the content codings that it has are undone. Pure.
///
/// None was asked for (the request says `Accept-Encoding: identity`), but what stands before a vendor may encode all the
/// same. Only what is undone can be read, and searched for the vendor's key.
struct ReplyContent {
    /// As it came when `encoding` is set, empty when it is broken.
    let body: [UInt8]
    /// The value of `Content-Encoding` when it names a coding that cannot be undone here.
    let encoding: [UInt8]?
    /// Why a coding that is known could not be undone.
    let fault: ContentFault?

    /// - Parameter bytesMax: the longest body, before and after.
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
