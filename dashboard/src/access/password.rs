//! Passwords, as argon2 hashes (argon2id with the parameters that the library
//! recommends, in PHC notation).

use argon2::Argon2;
use argon2::PasswordHasher as _;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;

/// What a password of nobody is compared with: whoever asks for a name that does
/// not exist waits as long as for one that does. It is the hash of a random text.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$4vVxWcXy0uZBOWcb6J9mCA$HmVq8mSIPEC6Yq3tJmJUJ5Z6y0mB1O4PpTzV8uZ7n9k";

/// The hash of a password, with a salt of its own.
pub fn hash_password(password: &str) -> Result<String, String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| error.to_string())
}

/// Whether a text is the hash of a password that can be verified.
pub fn is_password_hash(text: &str) -> bool {
    text.starts_with("$argon2") && PasswordHash::new(text).is_ok_and(|hash| hash.hash.is_some())
}

/// Whether a password is the one of a hash; never without one.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let is_right = Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    is_right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let hash = hash_password("correct horse").unwrap();
        assert!(is_password_hash(&hash) && is_password_hash(NOBODY));
        assert!(verify("correct horse", Some(&hash)));
        assert!(!verify("correct horsf", Some(&hash)));
        assert!(!verify("correct horse", None));
        assert!(!is_password_hash("correct horse") && !is_password_hash("$argon2id$v=19"));
        assert_ne!(
            hash,
            hash_password("correct horse").unwrap(),
            "the salt is another one"
        );
    }
}
