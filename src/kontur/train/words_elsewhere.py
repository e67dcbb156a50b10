"""What other programs call a setting of a run, for suggestions where one is not known."""

SETTINGS = {
    word: setting
    for setting, words in {
        "optimiser.rate": "lr lr0 learning_rate base_lr",
        "optimiser.name": "optimizer optimiser optim solver",
        "optimiser.weight_decay": "wd decay",
        "optimiser.warm_up": "warmup warmup_steps warmup_epochs",
        "optimiser.schedule": "scheduler lr_scheduler lr_schedule cos_lr",
        "training.steps": "epochs n_epochs max_epochs train_epochs iterations max_iter max_steps",
        "training.batch": "batch_size bs train_batch_size ims_per_batch",
        "training.workers": "num_workers n_workers jobs n_jobs",
        "training.threads": "cores cpus num_threads n_threads",
        "training.precision": "amp half fp16 mixed_precision",
        "training.accelerator": "gpu use_gpu cuda cpu device",
        "training.devices": "gpus num_gpus n_gpus",
        "training.patience": "early_stopping",
        "training.seed": "random_state random_seed",
        "training.freeze_backbone": "freeze",
        "augment.crop": "imgsz img_size image_size crop_size patch_size train_patch_size",
        "data.scale": "diam diameter diam_mean rescale pixel_size mpp",
        "data.channel": "chan chans channels",
        "data.page": "z plane slice frame",
        "model.backbone": "encoder arch architecture",
        "model.points": "n_rays rays",
    }.items()
    for word in words.split()
}
