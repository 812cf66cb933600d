//! Generates the wire types from the `.proto` files, without a `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["proto/raw.proto"];
    let descriptors = protox::compile(files, ["proto"])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
    Ok(())
}
