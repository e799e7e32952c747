internal import COpenSSL

/// Puts what a server proves itself with, and asks of its clients, into a context; answers everything that is wrong.
func loadServer(
    _ context: OpaquePointer,
    _ certificate: PEMText?,
    _ privateKey: PEMText?,
    _ clientAuthorities: PEMText?
) -> [TLSConfigurationFault] {
    var faults = unsafe loadIdentity(context, certificate, privateKey)
    if let clientAuthorities, let fault = unsafe loadAuthorities(context, clientAuthorities, .clientAuthorities) {
        faults.append(fault)
    }
    return faults
}

/// Puts a certificate with its chain and its key into a context of either side; answers everything that is wrong.
func loadIdentity(
    _ context: OpaquePointer,
    _ certificate: PEMText?,
    _ privateKey: PEMText?
) -> [TLSConfigurationFault] {
    var faults: [TLSConfigurationFault] = []
    if let certificate, let fault = unsafe loadChain(context, certificate) { faults.append(fault) }
    if let privateKey, let fault = unsafe loadKey(context, privateKey) { faults.append(fault) }
    if faults.isEmpty, let certificate, let privateKey, unsafe SSL_CTX_check_private_key(context) != 1 {
        ERR_clear_error()
        faults.append(TLSConfigurationFault(.privateKey, "\(privateKey.file): not the key of \(certificate.file)"))
    }
    return faults
}

/// The first certificate is the server's own, those behind it are its chain.
private func loadChain(_ context: OpaquePointer, _ pem: PEMText) -> TLSConfigurationFault? {
    var reader = PEMReader(pem)
    var isFirst = true
    do throws(PEMReader.Failure) {
        while true {
            let certificate = try unsafe reader.certificate()
            // The chain takes the reference over, the other call takes one of its own.
            let isTaken =
                isFirst
                ? unsafe SSL_CTX_use_certificate(context, certificate) == 1
                : unsafe tollgate_SSL_CTX_add0_chain_cert(context, certificate) == 1
            if isFirst || !isTaken { unsafe X509_free(certificate) }
            guard isTaken else { return TLSConfigurationFault(.certificate, "\(pem.file): cannot be used") }
            isFirst = false
        }
    } catch {
        if !isFirst, case .nothing = error {
            ERR_clear_error()
            return nil
        }
        return TLSConfigurationFault(.certificate, error, pem, wanted: "certificate")
    }
}

private func loadKey(_ context: OpaquePointer, _ pem: PEMText) -> TLSConfigurationFault? {
    var reader = PEMReader(pem)
    do throws(PEMReader.Failure) {
        let key = try unsafe reader.privateKey()
        defer { unsafe EVP_PKEY_free(key) }
        // A key that does not belong to the certificate is refused here or, where that depends on the kind, by
        // SSL_CTX_check_private_key.
        guard unsafe SSL_CTX_use_PrivateKey(context, key) == 1 else {
            return TLSConfigurationFault(.privateKey, "\(pem.file): not the key of the certificate")
        }
        return nil
    } catch {
        return TLSConfigurationFault(.privateKey, error, pem, wanted: "private key")
    }
}

/// Certificates that a peer's certificate may be signed by; for a server also those that its clients are told of.
func loadAuthorities(
    _ context: OpaquePointer,
    _ pem: PEMText,
    _ part: TLSConfigurationFault.Part
) -> TLSConfigurationFault? {
    var reader = PEMReader(pem)
    var count = 0
    do throws(PEMReader.Failure) {
        while true {
            let certificate = try unsafe reader.certificate()
            defer { unsafe X509_free(certificate) }
            var isTaken = unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1
            if case .clientAuthorities = part {
                isTaken = unsafe isTaken && SSL_CTX_add_client_CA(context, certificate) == 1
            }
            guard isTaken else { return TLSConfigurationFault(part, "\(pem.file): cannot be used") }
            count += 1
        }
    } catch {
        if count > 0, case .nothing = error {
            ERR_clear_error()
            return nil
        }
        return TLSConfigurationFault(part, error, pem, wanted: "certificate")
    }
}
